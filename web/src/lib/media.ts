/** Cameras, microphones and screens of this machine; nothing here knows of calls. */

export type DeviceKind = 'camera' | 'microphone';

/** Why a device gave nothing. */
export type MediaProblem = 'insecure' | 'denied' | 'absent' | 'busy' | 'failed';

export type Opened = { track: MediaStreamTrack } | { problem: MediaProblem };

const INPUT: Record<DeviceKind, MediaDeviceKind> = { camera: 'videoinput', microphone: 'audioinput' };

export async function openBoth(
  cameraId: string | undefined,
  microphoneId: string | undefined,
): Promise<Record<DeviceKind, Opened>> {
  const devices = await listInputs();
  if (devices === undefined) {
    return { camera: { problem: 'insecure' }, microphone: { problem: 'insecure' } };
  }
  const has = (kind: DeviceKind) => devices.some((device) => device.kind === INPUT[kind]);
  if (has('camera') && has('microphone')) {
    try {
      // Asked together, so that the browser asks the person once.
      const stream = await navigator.mediaDevices.getUserMedia({
        video: videoConstraints(cameraId),
        audio: audioConstraints(microphoneId),
      });
      const [camera] = stream.getVideoTracks();
      const [microphone] = stream.getAudioTracks();
      if (camera && microphone) return { camera: { track: camera }, microphone: { track: microphone } };
    } catch {
      // One of the two may still be had: each is tried alone below, and says its own reason.
    }
  }
  const microphone: Opened = has('microphone')
    ? await open('microphone', microphoneId)
    : { problem: 'absent' };
  const camera: Opened = has('camera') ? await open('camera', cameraId) : { problem: 'absent' };
  return { camera, microphone };
}

export async function open(kind: DeviceKind, deviceId: string | undefined): Promise<Opened> {
  if (!navigator.mediaDevices) return { problem: 'insecure' };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(
      kind === 'camera' ? { video: videoConstraints(deviceId) } : { audio: audioConstraints(deviceId) },
    );
    const [track] = stream.getTracks();
    return track ? { track } : { problem: 'failed' };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** The screen a person picks; `undefined` when they changed their mind. */
export async function openScreen(): Promise<MediaStreamTrack | undefined> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } } });
    const [track] = stream.getVideoTracks();
    if (track) track.contentHint = 'detail';
    return track;
  } catch {
    return undefined;
  }
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/** Inputs with their names (which browsers tell only once permission was given). */
export async function listInputs(): Promise<MediaDeviceInfo[] | undefined> {
  if (!navigator.mediaDevices) return undefined;
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind !== 'audiooutput');
}

export function inputsOf(devices: readonly MediaDeviceInfo[], kind: DeviceKind): MediaDeviceInfo[] {
  return devices.filter((device) => device.kind === INPUT[kind] && device.deviceId !== '');
}

/** What to tell the person whose device gave nothing. */
export function advice(kind: DeviceKind, problem: MediaProblem): string {
  switch (problem) {
    case 'insecure':
      return `Browsers lend the ${kind} only to pages opened over https:// or on localhost.`;
    case 'denied':
      return `This page may not use your ${kind}. Allow it in the site settings beside the address, then try again.`;
    case 'absent':
      return `No ${kind} found. Plug one in and try again, or join without.`;
    case 'busy':
      return `Another program is using your ${kind}. Close it and try again, or join without.`;
    case 'failed':
      return `Your ${kind} did not start. Try again, choose another, or join without.`;
  }
}

/** Loudness of a track, 0 to 1, told on every animation frame until the returned function is called. */
export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const waveform = new Float32Array(analyser.fftSize);
  let frame = requestAnimationFrame(function measure() {
    analyser.getFloatTimeDomainData(waveform);
    onLevel(loudness(waveform));
    frame = requestAnimationFrame(measure);
  });
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}

/** Root mean square on a decibel scale: -60 dB is silence, -10 dB is full. */
export function loudness(waveform: Float32Array): number {
  let sum = 0;
  for (const value of waveform) sum += value * value;
  const decibels = 10 * Math.log10(sum / waveform.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}

function videoConstraints(deviceId: string | undefined): MediaTrackConstraints {
  return {
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
    ...(deviceId && { deviceId: { exact: deviceId } }),
  };
}

function audioConstraints(deviceId: string | undefined): MediaTrackConstraints {
  return {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(deviceId && { deviceId: { exact: deviceId } }),
  };
}

function problemOf(error: unknown): MediaProblem {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'absent';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
