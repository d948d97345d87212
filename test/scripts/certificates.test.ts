// Checks the certificates that other tests lean on: chance puts nothing into them that m95-certs would find.

import { createPrivateKey, X509Certificate } from "node:crypto";
import test from "ava";
import { makeCertificate, pkcs8 } from "../support/certificates.js";

/** Without the redrawing, one or two of these texts hold it. */
const COUNT = 1000;

test('no certificate and no key holds "+++", in whatever form', async (t) => {
  const texts: string[] = [];
  let last: { cert: string; key: string } | undefined;
  for (let i = 0; i < COUNT; i++) {
    last = await makeCertificate({ name: "x".repeat(i % 60), hosts: ["broker.example"], key: "ec" });
    texts.push(last.cert, last.key, pkcs8(last.key), ...(i < 10 ? [pkcs8(last.key, "secret")] : []));
  }
  t.deepEqual(
    texts.filter((text) => text.replaceAll("\n", "").includes("+++")),
    [],
  );
  t.true(new X509Certificate(last!.cert).checkPrivateKey(createPrivateKey(last!.key)));
});
