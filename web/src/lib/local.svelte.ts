/** Our own camera, microphone and screen: what is chosen, what runs, what the others may see. */
import type { Presence } from './chat.ts';
import {
  type DeviceKind,
  inputsOf,
  listInputs,
  type MediaProblem,
  type Opened,
  open,
  openBoth,
  openScreen,
} from './media.ts';
import { preferences } from './preferences.svelte.ts';

export class LocalMedia {
  camera = $state.raw<MediaStreamTrack>();
  microphone = $state.raw<MediaStreamTrack>();
  screen = $state.raw<MediaStreamTrack>();
  muted = $state(false);
  /** The first request is under way: the browser may be asking the person. */
  asking = $state(false);
  problems = $state<Partial<Record<DeviceKind, MediaProblem>>>({});
  #devices = $state.raw<MediaDeviceInfo[]>([]);
  /** Called after anything that the others send or see has changed. */
  onChange: () => void = () => {};

  readonly cameras = $derived(inputsOf(this.#devices, 'camera'));
  readonly microphones = $derived(inputsOf(this.#devices, 'microphone'));
  /** There is one picture for each person: a shared screen takes the camera's place. */
  readonly video = $derived(this.screen ?? this.camera);
  readonly presence = $derived<Presence>({
    microphone: !this.microphone ? 'none' : this.muted ? 'off' : 'on',
    video: this.screen ? 'screen' : this.camera ? 'camera' : 'off',
  });

  constructor() {
    navigator.mediaDevices?.addEventListener('devicechange', this.#refreshDevices);
  }

  /** Asks for both devices; each that fails leaves its problem, and the call goes on without it. */
  async start(): Promise<void> {
    this.asking = true;
    const opened = await openBoth(preferences.cameraId, preferences.microphoneId);
    this.#adopt('camera', opened.camera);
    this.#adopt('microphone', opened.microphone);
    this.asking = false;
    await this.#refreshDevices();
  }

  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    if (kind === 'camera') preferences.cameraId = deviceId;
    else preferences.microphoneId = deviceId;
    // A device that was turned off stays off: the choice holds for when it comes back on.
    if (!this[kind] && !this.problems[kind]) return;
    this[kind]?.stop();
    this.#adopt(kind, await open(kind, deviceId));
    await this.#refreshDevices();
  }

  async toggleMicrophone(): Promise<void> {
    if (!this.microphone) {
      this.#adopt('microphone', await open('microphone', preferences.microphoneId));
      this.muted = false;
    } else {
      this.muted = !this.muted;
    }
    if (this.microphone) this.microphone.enabled = !this.muted;
    this.onChange();
  }

  /** Off stops the device, so that its lamp goes out; on asks for it again. */
  async toggleCamera(): Promise<void> {
    if (this.camera) {
      this.camera.stop();
      this.camera = undefined;
      this.onChange();
    } else {
      this.#adopt('camera', await open('camera', preferences.cameraId));
    }
  }

  async toggleScreen(): Promise<void> {
    if (this.screen) {
      this.#endScreen();
      return;
    }
    const track = await openScreen();
    if (!track) return;
    // The browser's own "Stop sharing" ends the track without asking the page.
    track.addEventListener('ended', () => this.#endScreen());
    this.screen = track;
    this.onChange();
  }

  stop(): void {
    navigator.mediaDevices?.removeEventListener('devicechange', this.#refreshDevices);
    this.onChange = () => {};
    for (const track of [this.camera, this.microphone, this.screen]) track?.stop();
    this.camera = this.microphone = this.screen = undefined;
  }

  #adopt(kind: DeviceKind, opened: Opened): void {
    if ('problem' in opened) {
      this[kind] = undefined;
      this.problems = { ...this.problems, [kind]: opened.problem };
    } else {
      const { track } = opened;
      track.addEventListener('ended', () => this.#unplugged(kind, track));
      if (kind === 'microphone') track.enabled = !this.muted;
      this[kind] = track;
      this.problems = { ...this.problems, [kind]: undefined };
    }
    this.onChange();
  }

  #unplugged(kind: DeviceKind, track: MediaStreamTrack): void {
    if (this[kind] === track) this.#adopt(kind, { problem: 'absent' });
  }

  #endScreen(): void {
    this.screen?.stop();
    this.screen = undefined;
    this.onChange();
  }

  #refreshDevices = async (): Promise<void> => {
    this.#devices = (await listInputs()) ?? [];
  };
}
