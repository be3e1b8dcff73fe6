import assert from "node:assert/strict";
import test from "node:test";
import { makeCommands } from "./makefile.ts";

test("the first target with what it needs, in make's order", () => {
  const text = `NAME := thing
WHO ?= $(shell id -un)
.PHONY: all
all: build \\
  check
\t@echo $(NAME) $$HOME \${WHO} $@
build: src
\t-cc -o $@ $<
check: ; ./check $(MISSING)
clean:
\trm -rf build
`;
  assert.equal(makeCommands(text), "cc -o build src\n./check \necho thing $HOME $(id -un) all\n");
});

test("circles end, and a text without rules runs nothing", () => {
  assert.equal(makeCommands("a: b\n\techo a\nb: a\n\techo b\n"), "echo b\necho a\n");
  assert.equal(makeCommands("just words\n\tindented\n"), null);
  assert.equal(makeCommands(""), null);
});
