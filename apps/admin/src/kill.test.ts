import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newId, partDigest, partOf, type ThymusError } from "@thymus/contracts";
import { publishRequests } from "@thymus/trust";
import { digestOf, House, Party, prescriptionFor, publish } from "./testing/house.ts";

/** A server in a process of its own that dies at the named places, one after another, and is started again. */
class Mortal {
  readonly #house: House;
  readonly #places: string[];
  #child: ChildProcess | null = null;
  #place = "";
  #starts = 0;
  deaths: string[] = [];

  constructor(house: House, places: string[]) {
    this.#house = house;
    this.#places = [...places];
  }

  async start(): Promise<void> {
    const house = this.#house;
    const port = this.#starts === 0 ? "127.0.0.1:0" : new URL(house.admin.url).host;
    this.#place = this.#places.shift() ?? "";
    this.#starts += 1;
    // Time passes between two lives, so that the lease of a claim whose answer was lost runs out.
    house.ahead += 20_000;
    const script = new URL("./testing/serve.ts", import.meta.url).pathname;
    const marker = join(house.dir, `once-${this.#starts}`);
    this.#child = spawn(process.execPath, [script, house.dir, port, String(house.ahead)], {
      env: { ...process.env, THYMUS_FAILPOINT: this.#place, THYMUS_FAILPOINT_ONCE: marker },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(this.#child.stdout!, "data");
    const { url, apiToken } = JSON.parse(String(line));
    house.admin = { url, apiToken, serverKey: "", close: () => this.stop() };
  }

  /** Does a step again for as long as the server dies under it. */
  async insist<T>(step: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        const died =
          this.#child!.signalCode !== null ||
          (error as ThymusError).code === "UNREACHABLE" ||
          error instanceof TypeError;
        if (!died) throw error;
        if (this.#child!.signalCode === null) await once(this.#child!, "exit");
        assert.equal(this.#child!.signalCode, "SIGKILL");
        this.deaths.push(this.#place);
        await this.start();
      }
    }
  }

  async stop(): Promise<void> {
    const gone = once(this.#child!, "exit");
    this.#child!.kill("SIGKILL");
    await gone;
  }
}

test("killed at every durable step, the server comes to the same end", async () => {
  const places = [
    "admin.machine.enrolled",
    "admin.change.before-commit",
    "admin.case.opened",
    "admin.sample.written",
    "admin.sample.stored",
    "admin.claim.leased",
    "admin.publish.file",
    "admin.publish.stored",
    "admin.analysis.reported",
    "admin.rollout.widened",
    "admin.outcome.recorded",
    "admin.rollout.replaced",
    "admin.recall.given-back",
    "admin.fleet.part",
  ];
  const house = await House.build();
  const centre = await house.centre();
  await house.admin.close();
  const server = new Mortal(house, places);
  await server.start();

  const token = await house.token("agent");
  const patient = await server.insist(() => Party.enrol(house, "patient", null, token));
  const bytes = "killed again and again";
  const id = newId("case");
  await server.insist(() => patient.open(id, bytes));
  await server.insist(() => patient.upload(id, bytes, centre.recipient));
  const { work } = await server.insist(() => centre.party.claim(5, 10));
  assert.equal(work!.case, id);
  const prescription = prescriptionFor(bytes);
  await server.insist(() => publish(centre, prescription));
  // The publisher has nothing new to sign the second time: what it holds is what must be there.
  for (const request of publishRequests(await centre.tuf.files())) {
    await server.insist(() => centre.party.say(request));
  }
  await server.insist(() => centre.party.analysed(work!, { prescription }));
  await server.insist(() => patient.outcome(prescription));
  const { body } = await server.insist(() => house.api(`/api/v1/cases/${id}`));
  assert.deepEqual([body.stage, body.outcome, body.prescription], ["closed", "healed", prescription.id]);
  const history: string[] = body.history.map((entry: { what: string }) => entry.what);
  const ordinary = history.filter((what) => !what.startsWith("given again"));
  assert.equal(new Set(ordinary).size, ordinary.length, "nothing is written twice");

  const relative = newId("case");
  await server.insist(() => patient.open(relative, "a relative"));
  await server.insist(() => patient.upload(relative, "a relative", centre.recipient));
  const next = await server.insist(() => centre.party.claim(5, 10));
  const family = { ...prescriptionFor("a relative"), replaces: [prescription.id] };
  await server.insist(() => publish(centre, family));
  await server.insist(() => centre.party.analysed(next.work!, { prescription: family }));
  await server.insist(() => patient.outcome(family));
  const stateOf = async () => (await house.api(`/api/v1/prescriptions/${prescription.id}`)).body.state;
  assert.equal(await server.insist(stateOf), "replaced");
  const recall = () => house.api(`/api/v1/prescriptions/${family.id}/recall`, { why: "a test" });
  await server.insist(recall);
  assert.equal(await server.insist(stateOf), "active");

  const files = [{ sha256: digestOf("a file of a package"), size: 19 }];
  const part = partOf(files[0]!.sha256);
  await server.insist(() => patient.say({ type: "self-part", part, files }));
  const parts = Array.from({ length: 256 }, (_, at) => (at === part ? partDigest(files) : null));
  const reply = await server.insist(() => patient.say({ type: "self-offer", parts }));
  assert.deepEqual(reply, { type: "self-wanted", parts: [] });
  assert.deepEqual(server.deaths, places);
  const shown = await house.api(`/api/v1/prescriptions/${prescription.id}`);
  assert.equal(shown.body.prescription.id, prescription.id);
  assert.ok(
    !existsSync(join(house.dir, "admin", "samples", `${id}.age`)),
    "the sealed sample went with its case",
  );
  await house.tearDown();
});
