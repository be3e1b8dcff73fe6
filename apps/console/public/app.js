import { addMachine, showPolicy, tell } from "./actions.js";
import { call, forgetToken, keepToken, listen, takeToken } from "./api.js";
import { showDetail } from "./detail.js";
import { byId, refreshTimes } from "./dom.js";
import { sentence } from "./loop.js";
import { showCases, showOverview } from "./overview.js";
import { showMachines, showPrescriptions } from "./tables.js";

const hosts = new Map();
const hostOf = (machine) => hosts.get(machine) ?? machine;
let older = [];
let oldest = null;

const LOADERS = {
  overview: async () => showOverview(await call("overview")),
  machines: async () => {
    const list = await call("machines");
    for (const machine of list.machines) hosts.set(machine.id, machine.hostname);
    showMachines(list);
  },
  cases: async () => {
    const first = await call("cases?limit=50");
    const held = await call("cases?stage=person&limit=200");
    const known = new Set(first.cases.map((one) => one.id));
    const rest = [...held.cases, ...older].filter((one) => !known.has(one.id) && known.add(one.id));
    oldest ??= first.next;
    showCases({ cases: [...first.cases, ...rest], next: oldest }, hostOf, reload);
  },
  prescriptions: async () => showPrescriptions(await call("prescriptions"), reload),
  policy: async () => showPolicy(await call("policy")),
};

/** Which parts an event makes stale. */
const STALE = {
  case: ["overview", "cases"],
  machine: ["overview", "machines"],
  prescription: ["overview", "prescriptions"],
  policy: ["policy"],
};

const stale = new Set();
let timer = null;

/** Loads what is stale, once for all events of a moment. */
function mark(parts) {
  for (const part of parts) stale.add(part);
  if (timer !== null) return;
  timer = setTimeout(async () => {
    timer = null;
    const now = [...stale];
    stale.clear();
    try {
      for (const part of ["overview", "machines", "cases", "prescriptions", "policy"]) {
        if (now.includes(part)) await LOADERS[part]();
      }
      await route(false);
    } catch (error) {
      if (error.code === "UNAUTHENTICATED") signIn("That token is not the one of this server.");
    }
  }, 80);
}

const reload = () => mark(Object.keys(LOADERS));

/** Shows what the address names: one case, or the overview. */
async function route(moved) {
  const id = /^#(case-[a-z0-9]+)$/.exec(location.hash)?.[1];
  if (id) {
    try {
      await showDetail(id, hostOf, reload);
    } catch (error) {
      if (error.code !== "NOT_FOUND") throw error;
      tell(`There is no case ${id}`);
      history.replaceState(null, "", location.pathname);
      return route(moved);
    }
  }
  byId("overview").hidden = Boolean(id);
  byId("detail").hidden = !id;
  if (moved) {
    scrollTo(0, 0);
    (id ? byId("detail-title") : byId("main")).focus();
  }
}

function signIn(fault) {
  forgetToken();
  byId("overview").hidden = true;
  byId("detail").hidden = true;
  byId("sign-in").hidden = false;
  byId("token-fault").textContent = fault;
  byId("token").focus();
}

const CONNECTION = { live: "Live", lost: "Connection lost, trying again", denied: "Not signed in" };

async function announce(event) {
  if (event.type !== "case") return;
  const one = await call(`cases/${event.id}`).catch(() => null);
  if (one) tell(`${one.sample.name}: ${sentence(one)}`);
}

function start() {
  byId("sign-in").hidden = true;
  listen({
    state(state) {
      byId("connection").dataset.state = state;
      byId("connection").textContent = CONNECTION[state];
      // Whatever happened while nobody listened is fetched whole.
      if (state === "live") reload();
      if (state === "denied") signIn("That token is not the one of this server.");
    },
    event(event) {
      mark(STALE[event.type] ?? []);
      announce(event);
    },
  });
}

byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(byId("token").value.trim());
  byId("token").value = "";
  start();
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("add-machine").addEventListener("click", addMachine);
byId("cases-more").addEventListener("click", async () => {
  const page = await call(`cases?limit=50&before=${encodeURIComponent(oldest)}`);
  older = [...older, ...page.cases];
  oldest = page.next;
  mark(["cases"]);
});
addEventListener("hashchange", () => {
  if (takeToken()) route(true).catch(() => {});
});
setInterval(refreshTimes, 10_000);

if (takeToken()) start();
else signIn("");
