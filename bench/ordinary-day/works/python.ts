import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

const wheelMaker = `
import base64, hashlib, sys, zipfile
name, version, out = sys.argv[1:4]
files = {}
for line in open(sys.argv[4]).read().split("\\0"):
    if line:
        path, _, text = line.partition("\\n")
        files[path] = text
info = f"{name}-{version}.dist-info"
files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: day\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
files[f"{info}/entry_points.txt"] = f"[console_scripts]\\n{name} = {name}.part0:main\\n"
rows = []
with zipfile.ZipFile(out, "w") as wheel:
    for path, text in files.items():
        wheel.writestr(path, text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}")
    wheel.writestr(f"{info}/RECORD", "\\n".join(rows + [f"{info}/RECORD,,"]) + "\\n")
`;

/** A virtual environment: made, a wheel installed and upgraded, compiled. */
export const python: Work = {
  name: "python",
  needs: ["python3"],
  async carryOut(desk) {
    const venv = join(desk.folder, "venv");
    await desk.run("python3", ["-m", "venv", venv]);
    await desk.pause();
    const maker = join(desk.elsewhere, "make-wheel.py");
    await desk.put(maker, wheelMaker);
    for (const version of [1, 2]) {
      const parts = upTo(5 * desk.scale).map(
        (index) =>
          `daytool/part${index}.py\n"""${prose(index + version * 50, 3)}"""\nimport sys\n\ndef main():\n    print("part", ${index * version}, sys.argv)\n    return ${version}\n`,
      );
      const list = join(desk.elsewhere, `wheel-${version}.txt`);
      await desk.put(list, ["daytool/__init__.py\n", ...parts].join("\0"));
      const wheel = join(desk.elsewhere, `daytool-${version}.0-py3-none-any.whl`);
      await desk.run("python3", [maker, "daytool", `${version}.0`, wheel, list]);
      await desk.run(
        join(venv, "bin/pip"),
        ["install", "-q", "--no-index", "--disable-pip-version-check", wheel],
        { env: { PIP_ROOT_USER_ACTION: "ignore" } },
      );
      await desk.run(join(venv, "bin/python"), ["-m", "compileall", "-qf", join(venv, "lib")]);
      await desk.pause();
    }
  },
};
