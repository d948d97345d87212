// Certificates and a key that look like some. They protect nothing.

const pem = (label: string, body: string): string =>
  `-----BEGIN ${label}-----\n${body.repeat(16)}\n-----END ${label}-----\n`;

export const TLS = {
  ca: pem("CERTIFICATE", "QUJD"),
  cert: pem("CERTIFICATE", "REVG"),
  key: pem("PRIVATE KEY", "R0hJ"),
  ignoreTime: true,
};

/** What all of them begin with. */
export const DASHES = "-----";
