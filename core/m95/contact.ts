// What is known of the other end of the line, as numbers and by name, and how long it is asked. It holds no code.

/** The port is closed, for good. */
export const CLOSED = 0;
/** Nothing has answered since it was last switched on or looked for. */
export const SILENT = 1;
/** The same; AT+CFUN=0 comes first when something answers. */
export const CYCLING = 2;
export const ANSWERING = 3;
/** It answers; a line that may be part of a message says that the modem or its PDP context is gone, which is looked into. */
export const DOUBTED = 4;

/** A modem without STATUS is asked for so long whether it runs already, ms. */
export const PROBE = 2000;
/** AT is sent this often before the way out of a data prompt is tried, and between two such tries; 500 ms each. */
export const FIRST_TRIES = 4;
export const MORE_TRIES = 9;
/** They lead out of a data prompt (application note 3.2.8) and an upload, in which an earlier run of the host may have left the modem. */
export const ESC = "\x1b";

/** The same by name, for the model check. */
export const CONTACT = ["closed", "silent", "cycling", "answering", "doubted"];
