import {
  Case,
  CaseId,
  CaseList,
  CaseStage,
  Decision,
  ImmunizeReport,
  MachineList,
  Overview,
  Policy,
  PrescriptionDetail,
  PrescriptionId,
  PrescriptionList,
  TokenReply,
  TokenRequest,
} from "@thymus/contracts";
import { z } from "zod";
import { decide } from "../cases/decide.ts";
import { caseReport, listCases, showCase } from "../cases/list.ts";
import { listMachines } from "../enrolment/machines.ts";
import { createToken } from "../enrolment/tokens.ts";
import { readPolicy, writePolicy } from "../policy/policy.ts";
import { recallByPerson } from "../rollout/recall.ts";
import { listPrescriptions, showPrescription } from "../rollout/views.ts";
import { overview } from "./overview.ts";
import { route } from "./route.ts";

const OneCase = z.strictObject({ id: CaseId });
const OnePrescription = z.strictObject({ id: PrescriptionId });
const CaseQuery = z.strictObject({
  stage: CaseStage.optional(),
  before: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Everything under /api/v1 that answers with one JSON document. A new operation is one entry here. */
export const apiRoutes = [
  route({
    method: "GET",
    path: "/api/v1/overview",
    id: "getOverview",
    summary: "Is the organisation well?",
    reply: Overview,
    errors: [],
    handle: ({ state }) => overview(state),
  }),
  route({
    method: "GET",
    path: "/api/v1/cases",
    id: "listCases",
    summary: "Cases, the newest first, a page at a time",
    query: CaseQuery,
    reply: CaseList,
    errors: ["USAGE"],
    handle: ({ state }, { query }) => listCases(state.db, query),
  }),
  route({
    method: "GET",
    path: "/api/v1/cases/{id}",
    id: "getCase",
    summary: "One case with its whole history",
    params: OneCase,
    reply: Case,
    errors: ["NOT_FOUND"],
    handle: ({ state }, { params }) => showCase(state.db, params.id),
  }),
  route({
    method: "GET",
    path: "/api/v1/cases/{id}/report",
    id: "getCaseReport",
    summary: "The analysis centre's report about a case",
    params: OneCase,
    reply: ImmunizeReport,
    errors: ["NOT_FOUND"],
    handle: async ({ state }, { params }) => JSON.parse(await caseReport(state.db, params.id)),
  }),
  ...(["approve", "reject"] as const).map((verb) =>
    route({
      method: "POST",
      path: `/api/v1/cases/{id}/${verb}`,
      id: `${verb}Case`,
      summary:
        verb === "approve"
          ? "Let a case that waits for a person go on"
          : "End a case; what it assigned is recalled",
      params: OneCase,
      body: Decision,
      reply: Case,
      errors: ["NOT_FOUND", "CONFLICT"],
      handle: async (parts, { params, body }) => {
        const decision = verb === "approve" ? "approved" : "rejected";
        await decide(parts.state, parts, params.id, decision, body.why);
        return showCase(parts.state.db, params.id);
      },
    }),
  ),
  route({
    method: "GET",
    path: "/api/v1/prescriptions",
    id: "listPrescriptions",
    summary: "Prescriptions with the counts of their proof and of their outcomes",
    reply: PrescriptionList,
    errors: [],
    handle: ({ state }) => listPrescriptions(state.db),
  }),
  route({
    method: "GET",
    path: "/api/v1/prescriptions/{id}",
    id: "getPrescription",
    summary: "One prescription with its published document",
    params: OnePrescription,
    reply: PrescriptionDetail,
    errors: ["NOT_FOUND"],
    handle: ({ state }, { params }) => showPrescription(state.db, params.id),
  }),
  route({
    method: "POST",
    path: "/api/v1/prescriptions/{id}/recall",
    id: "recallPrescription",
    summary: "Withdraw a prescription from every machine, with everything it did",
    params: OnePrescription,
    body: Decision,
    reply: PrescriptionDetail,
    errors: ["NOT_FOUND"],
    handle: async (parts, { params, body }) => {
      await recallByPerson(parts.state, parts, params.id, body.why);
      return showPrescription(parts.state.db, params.id);
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/machines",
    id: "listMachines",
    summary: "Enrolled machines and how they are",
    reply: MachineList,
    errors: [],
    handle: ({ state }) => listMachines(state.db, state.now()),
  }),
  route({
    method: "POST",
    path: "/api/v1/tokens",
    id: "createToken",
    summary: "Make a one-time token with which one machine can join",
    body: TokenRequest,
    reply: TokenReply,
    errors: [],
    handle: ({ state, keys }, { body }) => createToken(state, body, keys.publicKey),
  }),
  route({
    method: "GET",
    path: "/api/v1/policy",
    id: "getPolicy",
    summary: "The levels of control",
    reply: Policy,
    errors: [],
    handle: ({ state, config }) => readPolicy(state.db, config),
  }),
  route({
    method: "PUT",
    path: "/api/v1/policy",
    id: "setPolicy",
    summary: "Set the levels of control for all that happens from now on",
    body: Policy,
    reply: Policy,
    errors: [],
    handle: ({ state }, { body }) => writePolicy(state, body),
  }),
];
