import { call } from "./api.js";
import { byId, el } from "./dom.js";

/**
 * Asks in the page's dialog.
 * @returns why (maybe empty), or null where the person thought better of it
 */
function ask({ title, text, ok, why = true, output = null }) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-text").textContent = text;
  byId("ask-ok").textContent = ok;
  byId("ask-why").value = "";
  byId("ask-why-field").hidden = !why;
  byId("ask-cancel").hidden = output !== null;
  byId("ask-output").hidden = output === null;
  byId("ask-output").firstElementChild.textContent = output ?? "";
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => resolve(dialog.returnValue === "ok" ? byId("ask-why").value.trim() : null),
      { once: true },
    );
  });
}

/** Says what went wrong where everybody hears it. */
export function tell(text) {
  byId("news").textContent = text;
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    await ask({
      title: "That did not work",
      text: error.message,
      ok: "Close",
      why: false,
      output: error.code ?? "",
    });
  }
}

const GOES_ON = {
  submit: "The sealed sample is given to an analysis centre.",
  repair: "The prescription is given to the first machine.",
  rollout: "The prescription is given to every machine.",
  "gave-up": "The sample is analysed once more.",
  halted: "The prescription is given to the first machine once more.",
};

/** What approving and rejecting is called, where it is not simply that. */
const WORDS = { "gave-up": ["Analyse again", "Close"], halted: ["Try again", "Close"] };

/** Approve and reject, where a case waits for a person. */
export function decisions(one, changed) {
  if (!one.waits) return null;
  const decide = (verb, title, text, ok) => () =>
    attempt(async () => {
      const why = await ask({ title, text, ok });
      if (why === null) return;
      await call(`cases/${one.id}/${verb}`, { method: "POST", body: { why } });
      tell(`${one.sample.name}: ${verb === "approve" ? "approved" : "rejected"}`);
      changed();
    });
  const { name } = one.sample;
  const [yes, no] = WORDS[one.waits] ?? ["Approve", "Reject"];
  const approve = decide("approve", `Let ${name} go on?`, GOES_ON[one.waits], yes);
  const reject = decide("reject", `End the case of ${name}?`, "What it assigned is recalled.", no);
  return el(
    "div",
    { class: "row" },
    el(
      "button",
      {
        type: "button",
        class: "main",
        "data-focus": "approve",
        onclick: approve,
        "aria-label": `${yes}: ${name}`,
      },
      yes,
    ),
    el(
      "button",
      { type: "button", "data-focus": "reject", onclick: reject, "aria-label": `${no}: ${name}` },
      no,
    ),
  );
}

export function recallButton(one, changed) {
  if (one.state === "recalled") return "";
  const again = one.state === "active" && one.replaces.length > 0 ? " What it replaced is active again." : "";
  const recall = () =>
    attempt(async () => {
      const why = await ask({
        title: `Recall ${one.family ?? one.id}?`,
        text: `Every machine drops the rule and takes back what it did: each file is again as it was before.${again}`,
        ok: "Recall",
      });
      if (why === null) return;
      await call(`prescriptions/${one.id}/recall`, { method: "POST", body: { why } });
      tell(`${one.family ?? one.id} is recalled`);
      changed();
    });
  return el(
    "button",
    {
      type: "button",
      class: "quiet",
      "data-focus": "recall",
      onclick: recall,
      "aria-label": `Recall ${one.family ?? one.id}`,
    },
    "Recall",
  );
}

/** Makes a one-time token and shows the command that uses it. */
export function addMachine() {
  return attempt(async () => {
    const { token } = await call("tokens", { method: "POST", body: { role: "agent" } });
    await ask({
      title: "Add a machine",
      text: "Run this on the machine within an hour. The token works once.",
      ok: "Close",
      why: false,
      output: `thymus join ${location.origin} ${token}`,
    });
  });
}

const STAGES = {
  submit: ["Analysing a suspect", "A sealed sample goes to the analysis centre."],
  repair: ["Healing the first machine", "A proved prescription acts on the machine that found it."],
  rollout: ["Protecting every machine", "Once the first machine is healthy."],
};
const LEVELS = { automatic: "By itself", propose: "Ask a person", observe: "Only watch" };

/** The levels of control, saved as they are chosen. */
export function showPolicy(policy) {
  const form = byId("policy");
  if (form.contains(document.activeElement)) return;
  const fields = Object.entries(STAGES).map(([stage, [title, text]]) => {
    const options = Object.entries(LEVELS).map(([level, label]) =>
      el("option", { value: level, selected: policy[stage] === level }, label),
    );
    const select = el(
      "select",
      { id: `policy-${stage}`, "aria-describedby": `policy-${stage}-text` },
      options,
    );
    select.addEventListener("change", () =>
      attempt(async () => {
        policy = await call("policy", { method: "PUT", body: { ...policy, [stage]: select.value } });
        tell(`${title}: ${LEVELS[policy[stage]]}`);
      }),
    );
    return el(
      "div",
      {},
      el("label", { for: `policy-${stage}` }, title),
      select,
      el("p", { id: `policy-${stage}-text` }, text),
    );
  });
  form.replaceChildren(...fields);
}
