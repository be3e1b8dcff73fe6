import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import test from "node:test";
import { Authority } from "./certificate.ts";

test("certificates for names and addresses are signed by the authority and fit what they are for", () => {
  const authority = new Authority();
  const root = new X509Certificate(authority.certificate);
  assert.ok(root.ca && root.verify(root.publicKey) && root.checkIssued(root));
  for (const name of ["registry.npmjs.org", "a-b.example.org", "93.184.216.34", "2606:4700::6810:1"]) {
    const leaf = new X509Certificate(authority.issue(name).certificate);
    assert.ok(leaf.verify(root.publicKey) && leaf.checkIssued(root) && !leaf.ca, name);
    assert.equal(/[a-z]{2}\./.test(name) ? leaf.checkHost(name) : leaf.checkIP(name), name);
    assert.ok(leaf.validFromDate.getFullYear() <= 2012 && leaf.validToDate.getFullYear() >= 2049);
  }
});

test("a name is issued for once; a flood of names does not fill the memory", () => {
  const authority = new Authority();
  const first = authority.issue("a.example.org");
  assert.equal(authority.issue("a.example.org"), first);
  for (let index = 0; index < 510; index++) authority.issue(`n${index}.example.org`);
  assert.notEqual(authority.issue("a.example.org"), first);
});
