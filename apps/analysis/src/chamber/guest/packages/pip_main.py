"""pip's commands."""

import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

from fetch import Refused, fetch
from versions import python_fits, python_key, python_name

VERSION = "24.0"
INDEX = "https://pypi.org/simple"
VALUES = {
    *("-r", "--requirement", "-i", "--index-url", "--extra-index-url", "-t", "--target", "-d", "--dest", "--prefix"),
    *("--root", "-c", "--constraint", "-f", "--find-links", "--timeout", "--retries", "--trusted-host", "--proxy", "-e"),
    *("--editable", "--python-version", "--platform", "--cache-dir", "--log", "--cert", "--progress-bar"),
}
HEADERS = {"user-agent": f"pip/{VERSION} CPython/3.11.2 Linux", "accept": "application/vnd.pypi.simple.v1+json, text/html; q=0.1"}


class Failed(Exception):
    pass


def home_site():
    return os.path.expanduser(f"~/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")


def index_of(options):
    if found := options.get("-i") or options.get("--index-url") or os.environ.get("PIP_INDEX_URL"):
        return found
    for path in ("~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/pip.conf"):
        try:
            with open(os.path.expanduser(path), encoding="utf-8") as file:
                if found := re.search(r"(?m)^\s*index-url\s*=\s*(\S+)", file.read()):
                    return found.group(1)
        except OSError:
            continue
    return INDEX


def version_in(name, file_name):
    stem = re.sub(r"(\.tar\.(gz|bz2|xz)|\.zip|\.whl|\.tgz)$", "", file_name)
    if file_name.endswith(".whl"):
        return stem.split("-")[1]
    return stem.rsplit("-", 1)[-1]


def find(options, name, wanted):
    url = f"{index_of(options).rstrip('/')}/{python_name(name)}/"
    try:
        body = fetch(url, headers=HEADERS)
    except (Refused, OSError) as error:
        raise Failed(
            f"Could not find a version that satisfies the requirement {name}{wanted} (from versions: none)\n"
            f"ERROR: No matching distribution found for {name}{wanted}"
        ) from error
    try:
        files = [(one["filename"], one["url"]) for one in json.loads(body)["files"]]
    except ValueError:
        files = [(text.strip(), link) for link, text in re.findall(r'<a[^>]*href="([^"#]+)[^"]*"[^>]*>([^<]+)', body.decode())]
    fitting = [
        (python_key(version_in(name, file)), file.endswith(".whl"), version_in(name, file), file, link)
        for file, link in files
        if python_fits(version_in(name, file), wanted)
        and (not file.endswith(".whl") or re.search(r"-(py3|py2\.py3|cp311|cp3)-(none|abi3|cp311)-(any|manylinux\S*x86_64)", file))
    ]
    if not fitting:
        known = ", ".join(version_in(name, file) for file, _ in files)
        raise Failed(
            f"Could not find a version that satisfies the requirement {name}{wanted} (from versions: {known})\n"
            f"ERROR: No matching distribution found for {name}{wanted}"
        )
    return max(fitting)[2:]


class Installer:
    def __init__(self, options, site, scripts):
        self.options, self.site, self.scripts, self.done = options, site, scripts, {}

    def add(self, word):
        if os.path.isdir(word):
            print(f"Processing {os.path.abspath(word)}")
            return self.source(os.path.abspath(word))
        if re.match(r"https?://", word) or os.path.isfile(word):
            content = fetch(word, headers=HEADERS) if word.startswith("http") else open(word, "rb").read()
            print(f"Processing {word}")
            return self.file(os.path.basename(word.split("#")[0]), content)
        found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;()]*)\)?", word)
        if not found:
            raise Failed(f"Invalid requirement: '{word}'")
        name, wanted = found.group(1), found.group(2).strip()
        if python_name(name) in self.done or (not wanted and self.present(name)):
            return print(f"Requirement already satisfied: {name}")
        version, file, link = find(self.options, name, wanted)
        print(f"Collecting {name}{wanted}\n  Downloading {file}", flush=True)
        return self.file(file, fetch(link, headers=HEADERS))

    def present(self, name):
        marks = [python_name(re.sub(r"-[^-]*\.(dist|egg)-info$", "", os.path.basename(one))) for one in glob.glob(f"{self.site}/*-info")]
        return python_name(name) in marks

    def file(self, name, content):
        return self.wheel(name, content) if name.endswith(".whl") else self.sdist(name, content)

    def needed(self, metadata):
        if "--no-deps" in self.options:
            return
        for line in re.findall(r"(?m)^Requires-Dist:\s*(.+)$", metadata.split("\n\n")[0]):
            requirement, _, condition = line.partition(";")
            if "extra" not in condition and "win32" not in condition and "Windows" not in condition:
                self.add(requirement)

    def wheel(self, name, content):
        project, version = name.split("-")[:2]
        self.done[python_name(project)] = version
        os.makedirs(self.site, exist_ok=True)
        metadata = entry_points = ""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for path in archive.namelist():
                if path.endswith("/") or path.startswith("/") or ".." in path.split("/"):
                    continue
                data = archive.read(path)
                if path.endswith(".dist-info/METADATA"):
                    metadata = data.decode(errors="replace")
                if path.endswith(".dist-info/entry_points.txt"):
                    entry_points = data.decode(errors="replace")
                parts = re.match(r"[^/]+\.data/(purelib|platlib|scripts|data)/(.+)", path)
                base = self.scripts if parts and parts[1] == "scripts" else os.path.dirname(self.scripts) if parts and parts[1] == "data" else self.site
                target = os.path.join(base, parts[2] if parts else path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as file:
                    file.write(data)
                if base == self.scripts:
                    os.chmod(target, 0o755)
        self.entries(entry_points)
        self.needed(metadata)

    def entries(self, text):
        section = re.search(r"\[console_scripts\]([^\[]*)", text)
        for name, module, call in re.findall(r"(?m)^\s*([\w.-]+)\s*=\s*([\w.]+)\s*:\s*([\w.]+)", section.group(1) if section else ""):
            os.makedirs(self.scripts, exist_ok=True)
            path = os.path.join(self.scripts, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/usr/bin/python3\nimport sys\nfrom {module} import {call.split('.')[0]}\nsys.exit({call}())\n")
            os.chmod(path, 0o755)

    def sdist(self, name, content):
        folder = f"/tmp/pip-install-{os.getpid()}{len(self.done)}"
        os.makedirs(folder)
        try:
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    archive.extractall(folder)
            else:
                with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                    archive.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(folder)
            inside = [one for one in glob.glob(f"{folder}/*") if os.path.isdir(one)]
            self.source(inside[0] if inside and not os.path.exists(f"{folder}/setup.py") else folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def source(self, folder):
        """Runs the package's own setup, as installing from source does."""
        start = "import setuptools, sys, tokenize; sys.argv[0] = 'setup.py'; __file__ = 'setup.py'; "
        start += (
            "exec(compile(tokenize.open('setup.py').read().replace('\\r\\n', '\\n'), 'setup.py', 'exec'))"
            if os.path.exists(f"{folder}/setup.py")
            else "setuptools.setup()"
        )
        record = f"/tmp/record-{os.getpid()}.txt"
        words = ["install", "--single-version-externally-managed", "--record", record, "--install-lib", self.site]
        words += ["--install-scripts", self.scripts, "--no-compile"]
        ended = subprocess.run([sys.executable, "-W", "ignore", "-c", start, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = ended.stdout.decode(errors="replace")
        if ended.returncode != 0:
            raise Failed(f"subprocess-exited-with-error\n{said[-3000:]}")
        if "-v" in self.options or "--verbose" in self.options:
            print(said)
        for path in glob.glob(f"{folder}/*.egg-info/PKG-INFO") + glob.glob(f"{folder}/*/*.egg-info/PKG-INFO"):
            with open(path, encoding="utf-8", errors="replace") as file:
                metadata = file.read()
            fields = dict(re.findall(r"(?m)^(Name|Version): (.+)$", metadata))
            self.done[python_name(fields.get("Name", "unknown"))] = fields.get("Version", "0")
            requires = os.path.join(os.path.dirname(path), "requires.txt")
            if "--no-deps" not in self.options and os.path.exists(requires):
                with open(requires, encoding="utf-8") as file:
                    for line in file.read().split("\n[")[0].split("\n"):
                        if line.strip():
                            self.add(line)
            return


def requirements(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split(" #")[0].strip()
            if line.startswith("-r"):
                yield from requirements(line[2:].strip())
            elif line and line[0] not in "#-":
                yield line


def parse_words(words):
    options, plain = {}, []
    words = list(words)
    while words:
        word = words.pop(0)
        name, mark, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if mark:
            options[name] = value
        elif word in VALUES and words:
            if word in ("-e", "--editable"):
                plain.append(words.pop(0))
            elif word in ("-r", "--requirement"):
                plain.extend(requirements(words.pop(0)))
            else:
                options[word] = words.pop(0)
        elif word.startswith("-"):
            options[word] = "true"
        else:
            plain.append(word)
    return options, plain


def install(options, plain):
    if not plain:
        raise Failed("You must give at least one requirement to install (see \"pip help install\")")
    target = options.get("-t") or options.get("--target")
    root = os.geteuid() == 0 and "--user" not in options and os.access("/usr/local/lib", os.W_OK)
    site = os.path.abspath(target) if target else "/usr/local/lib/python3.11/dist-packages" if root else home_site()
    scripts = os.path.join(site, "bin") if target else "/usr/local/bin" if root else os.path.expanduser("~/.local/bin")
    if not target and not root and "--user" not in options:
        print("Defaulting to user installation because normal site-packages is not writeable")
    installer = Installer(options, site, scripts)
    for word in plain:
        installer.add(word)
    if installer.done:
        names = " ".join(f"{name}-{version}" for name, version in installer.done.items())
        print(f"Installing collected packages: {', '.join(installer.done)}\nSuccessfully installed {names}")


def download(options, plain):
    folder = options.get("-d") or options.get("--dest") or "."
    for word in plain:
        found = re.match(r"([A-Za-z0-9._-]+)(.*)", word)
        _, file, link = find(options, found.group(1), found.group(2))
        with open(os.path.join(folder, file), "wb") as target:
            target.write(fetch(link, headers=HEADERS))
        print(f"Saved {os.path.join(folder, file)}")


def listed():
    for site in (home_site(), "/usr/local/lib/python3.11/dist-packages", "/usr/lib/python3/dist-packages"):
        for path in sorted(glob.glob(f"{site}/*-info")):
            found = re.match(r"(.+?)-([^-]+?)(-py3[.\d]*)?\.(dist|egg)-info$", os.path.basename(path))
            if found:
                yield found.group(1), found.group(2), path


def main(words):
    options, plain = parse_words(words)
    command, plain = (plain[0] if plain else "help"), plain[1:]
    if "--version" in options or "-V" in options:
        print(f"pip {VERSION} from /usr/lib/python3/dist-packages/pip (python 3.11)")
        return 0
    try:
        if command == "install":
            install(options, plain)
        elif command in ("download", "wheel"):
            download(options, plain)
        elif command == "list":
            print("Package    Version\n---------- -------")
            for name, version, _ in listed():
                print(f"{name:10} {version}")
        elif command == "freeze":
            for name, version, _ in listed():
                print(f"{name}=={version}")
        elif command == "show":
            for name, version, path in listed():
                if python_name(name) in map(python_name, plain):
                    print(f"Name: {name}\nVersion: {version}\nLocation: {os.path.dirname(path)}")
        elif command == "uninstall":
            for name in plain:
                print(f"WARNING: Skipping {name} as it is not installed.")
        elif command == "config":
            print(f"global.index-url='{index_of(options)}'")
        elif command in ("help", "cache", "check"):
            print("\nUsage:   \n  pip <command> [options]\n")
        else:
            print(f'ERROR: unknown command "{command}"', file=sys.stderr)
            return 1
    except (Failed, OSError, ValueError, KeyError, IndexError, Refused, tarfile.TarError, zipfile.BadZipFile) as error:
        sys.stdout.flush()
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0
