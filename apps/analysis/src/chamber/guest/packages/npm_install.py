"""Installing packages: which, where, their scripts, their programs."""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

from fetch import Refused, fetch
from npm_config import AGENT, VERSION, Failed
from versions import best

SCRIPTS = ("preinstall", "install", "postinstall")


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(value, indent=2) + "\n")


def bins_of(manifest):
    bins = manifest.get("bin") or {}
    return {manifest["name"].split("/")[-1]: bins} if isinstance(bins, str) else dict(bins)


def escape(name):
    return name.replace("/", "%2f")


def request(config, command, name, path, method="GET", body=b"", more=None):
    """One request to the registry of a package; the answer read as JSON."""
    url = config.registry(name) + path
    headers = {**config.headers(url, command), **(more or {})}
    try:
        return json.loads(fetch(url, method, headers, body) or b"{}")
    except Refused as refused:
        raise failed_request(refused, method, url) from None
    except OSError as error:
        raise Failed("ENOTFOUND", f"request to {url} failed, reason: {error}") from None


def failed_request(refused, method, url):
    try:
        said = json.loads(refused.body).get("error", "")
    except ValueError:
        said = ""
    if refused.status == 404:
        return Failed("E404", f"404 Not Found - {method} {url} - {said or 'Not found'}")
    words = {401: "401 Unauthorized", 403: "403 Forbidden"}.get(refused.status, str(refused.status))
    return Failed(f"E{refused.status}", f"{words} - {method} {url}{' - ' + said if said else ''}")


def split_spec(spec):
    """Name and range of `name`, `name@range`, `alias@npm:name@range`."""
    at = spec.find("@", 1)
    name, wanted = (spec, "") if at < 0 else (spec[:at], spec[at + 1 :])
    return split_spec(wanted[4:]) if wanted.startswith("npm:") else (name, wanted)


def resolve(config, name, wanted):
    accept = {"accept": "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"}
    document = request(config, "install", name, escape(name), more=accept)
    tags, versions = document.get("dist-tags", {}), document.get("versions", {})
    version = tags.get(wanted or "latest") or (wanted if wanted in versions else best(versions, wanted or "*"))
    if version not in versions:
        raise Failed("ETARGET", f"No matching version found for {name}@{wanted}.")
    return versions[version]


def unpack(content, folder):
    """Writes a tarball's files without their first folder; nothing leaves `folder`."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as archive:
        for member in archive:
            path = member.name.split("/", 1)[1] if "/" in member.name.strip("/") else ""
            if not member.isfile() or not path or ".." in path.split("/"):
                continue
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(archive.extractfile(member).read())
            os.chmod(target, (member.mode & 0o777) | 0o644)


def check(content, dist):
    integrity = dist.get("integrity", "")
    found = re.match(r"(sha512|sha256|sha1)-(\S+)", integrity)
    if found and base64.b64encode(hashlib.new(found[1], content).digest()).decode() != found[2]:
        raise Failed("EINTEGRITY", f"{integrity} integrity checksum failed")


def script_environment(config, command, event, script, folder, manifest, root):
    prefix = config.get("prefix") or "/usr/local"
    paths = [os.path.join(folder, "node_modules/.bin"), os.path.join(root, "node_modules/.bin")]
    values = {
        "npm_command": command,
        "npm_lifecycle_event": event,
        "npm_lifecycle_script": script,
        "npm_package_name": manifest.get("name", ""),
        "npm_package_version": manifest.get("version", ""),
        "npm_package_json": os.path.join(folder, "package.json"),
        "npm_execpath": "/usr/lib/node_modules/npm/bin/npm-cli.js",
        "npm_node_execpath": "/usr/bin/node",
        "npm_config_user_agent": AGENT,
        "npm_config_npm_version": VERSION,
        "npm_config_registry": config.registry(),
        "npm_config_userconfig": config.user_file,
        "npm_config_prefix": prefix,
        "npm_config_global_prefix": prefix,
        "npm_config_local_prefix": root,
        "npm_config_cache": os.path.expanduser("~/.npm"),
        "npm_config_node_gyp": "/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js",
        "npm_config_noproxy": "",
        "NODE": "/usr/bin/node",
        "INIT_CWD": os.environ.get("INIT_CWD", os.getcwd()),
        "PATH": ":".join([*paths, os.environ.get("PATH", "")]),
    }
    for name, path in bins_of(manifest).items() if manifest.get("name") else ():
        values[f"npm_package_bin_{re.sub(r'[^A-Za-z0-9_]', '_', name)}"] = str(path)
    return {**os.environ, **{name: str(value) for name, value in values.items()}}


def run_script(config, command, event, folder, manifest, root, quiet=False, words=()):
    """Runs one script of a package as npm does. Raises Failed where it fails."""
    script = (manifest.get("scripts") or {}).get(event)
    if not isinstance(script, str) or not script.strip():
        return
    whole = " ".join([script, *("'" + word.replace("'", "'\\''") + "'" for word in words)])
    if not quiet:
        print(f"\n> {manifest.get('name', '')}@{manifest.get('version', '')} {event}\n> {whole}\n", flush=True)
    environment = script_environment(config, command, event, script, folder, manifest, root)
    output = subprocess.PIPE if quiet else None
    shell = config.get("script-shell") or "sh"
    ended = subprocess.run([shell, "-c", whole], cwd=folder, env=environment, stdout=output, stderr=output and subprocess.STDOUT)
    if ended.returncode != 0:
        said = (ended.stdout or b"").decode(errors="replace")[-2000:]
        text = f"path {folder}\ncommand failed\ncommand {shell} -c {whole}\n{said}"
        raise Failed(str(abs(ended.returncode)), text)


def link_bins(folder, manifest, bin_folder):
    for name, path in bins_of(manifest).items():
        target = os.path.normpath(os.path.join(folder, str(path)))
        if not target.startswith(folder + "/") or not os.path.isfile(target) or "/" in name:
            continue
        os.chmod(target, 0o755)
        os.makedirs(bin_folder, exist_ok=True)
        link = os.path.join(bin_folder, name)
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(os.path.relpath(target, bin_folder), link)


class Installer:
    def __init__(self, config, root, modules, bin_folder):
        self.config, self.root, self.modules, self.bin_folder = config, root, modules, bin_folder
        self.done = {}

    def add(self, spec, optional=False):
        """Installs what a word of the command line or an entry of `dependencies` means; name and version."""
        try:
            return self._add(spec)
        except Failed:
            if optional:
                return None
            raise

    def _add(self, spec):
        if re.search(r"\.(tgz|tar\.gz)$", spec) and os.path.isfile(spec):
            with open(spec, "rb") as file:
                return self.place(file.read(), None)
        if re.match(r"https?://", spec):
            return self.place(fetch(spec, headers=self.config.headers(spec, "install")), None)
        if re.match(r"(git|github|file|link|workspace)[+:]", spec) and not spec.startswith("file:"):
            raise Failed("ENOENT", f"spawn git ENOENT: {spec}")
        path = re.sub(r"^file:", "", spec)
        if path != spec or re.match(r"\.{0,2}/", spec) or spec in (".", ".."):
            return self.link(os.path.abspath(os.path.join(self.root, path) if path != spec else path))
        name, wanted = split_spec(spec)
        if re.match(r"(https?:|file:|\.{0,2}/)", wanted):
            return self._add(wanted)
        if name in self.done:
            return name, self.done[name]
        manifest = resolve(self.config, name, wanted)
        url = manifest["dist"]["tarball"]
        try:
            content = fetch(url, headers=self.config.headers(url, "install"))
        except Refused as refused:
            raise failed_request(refused, "GET", url) from None
        check(content, manifest["dist"])
        return self.place(content, name)

    def link(self, source):
        if os.path.isfile(source):
            return self._add(source)
        manifest = read_json(os.path.join(source, "package.json"))
        target = os.path.join(self.modules, manifest["name"])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.symlink(os.path.relpath(source, os.path.dirname(target)), target)
        return self.settle(manifest, source)

    def place(self, content, name):
        temporary = os.path.join(self.modules, f".{os.getpid()}-{len(self.done)}")
        os.makedirs(temporary, exist_ok=True)
        try:
            unpack(content, temporary)
            manifest = read_json(os.path.join(temporary, "package.json"))
            target = os.path.join(self.modules, name or manifest["name"])
            shutil.rmtree(target, ignore_errors=True)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.rename(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return self.settle(manifest, target)

    def settle(self, manifest, folder):
        """What a package needs first, then its programs, then its scripts."""
        name = manifest["name"]
        self.done[name] = manifest.get("version", "0.0.0")
        self.needed(manifest)
        link_bins(folder, manifest, self.bin_folder)
        if not self.config.flag("ignore-scripts"):
            for event in SCRIPTS:
                run_script(self.config, "install", event, folder, manifest, self.root, quiet=not self.config.flag("foreground-scripts"))
        return name, self.done[name]

    def needed(self, manifest, develop=False):
        optional = manifest.get("optionalDependencies") or {}
        wanted = {**(manifest.get("dependencies") or {}), **optional, **((manifest.get("devDependencies") or {}) if develop else {})}
        for name, version in wanted.items():
            if name not in self.done:
                self.add(f"{name}@{version}", optional=name in optional)


def project_root():
    folder = os.getcwd()
    while folder != "/":
        if os.path.exists(os.path.join(folder, "package.json")) or os.path.isdir(os.path.join(folder, "node_modules")):
            return folder
        folder = os.path.dirname(folder)
    return os.getcwd()


def install(config, specs):
    everywhere = config.flag("global")
    prefix = config.get("prefix") or "/usr/local"
    root = prefix if everywhere else (os.path.abspath(config.get("prefix")) if config.options.get("prefix") else project_root())
    modules = os.path.join(prefix, "lib/node_modules") if everywhere else os.path.join(root, "node_modules")
    bin_folder = os.path.join(prefix, "bin") if everywhere else os.path.join(modules, ".bin")
    try:
        os.makedirs(modules, exist_ok=True)
    except PermissionError as error:
        raise Failed("EACCES", f"permission denied, mkdir '{error.filename}'") from None
    installer = Installer(config, root, modules, bin_folder)
    manifest_file = os.path.join(root, "package.json")
    try:
        manifest = read_json(manifest_file)
    except (OSError, ValueError):
        manifest = {}
    added = [installer.add(spec) for spec in specs]
    if not everywhere:
        own = not specs and not config.flag("ignore-scripts")
        if own:
            run_script(config, "install", "preinstall", root, manifest, root)
        installer.needed(manifest, develop=config.get("omit") != "dev" and not config.flag("production"))
        if own:
            for event in ("install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"):
                run_script(config, "install", event, root, manifest, root)
        if specs and config.get("save") != "false":
            kind = "devDependencies" if config.flag("save-dev") else "dependencies"
            mark = "" if config.flag("save-exact") else "^"
            entries = {**(manifest.get(kind) or {}), **{name: f"{mark}{version}" for name, version in added}}
            write_json(manifest_file, {**manifest, kind: dict(sorted(entries.items()))})
        packages = {f"node_modules/{name}": {"version": version} for name, version in sorted(installer.done.items())}
        lock = {"name": manifest.get("name", os.path.basename(root)), "lockfileVersion": 3, "requires": True, "packages": packages}
        write_json(os.path.join(modules, ".package-lock.json"), lock)
        if config.get("package-lock") != "false":
            write_json(os.path.join(root, "package-lock.json"), lock)
    count = len(installer.done)
    sys.stdout.write(f"\nadded {count} package{'' if count == 1 else 's'} in 1s\n" if count else "\nup to date in 412ms\n")
