/**
 * STUN and TURN servers to connect through. Until the server has any to hand out there are none, and
 * connections are made where browsers reach each other directly.
 */
export const ICE_SERVERS: RTCIceServer[] = [];
