// What is known of the other end of the line, as numbers and by name. It holds no code.

/** The port is closed, for good. */
export const CLOSED = 0;
/** Nothing has answered since it was last switched on or looked for. */
export const SILENT = 1;
/** The same; AT+CFUN=0 comes first when something answers. */
export const CYCLING = 2;
export const ANSWERING = 3;
/** It answers; a line that may be part of a message says that the modem or its PDP context is gone, which is looked into. */
export const DOUBTED = 4;

/** The same by name, for the model check. */
export const CONTACT = ["closed", "silent", "cycling", "answering", "doubted"];
