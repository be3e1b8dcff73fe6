"""Packing a package and publishing it."""

import base64
import fnmatch
import hashlib
import io
import json
import os
import re
import tarfile

from npm_config import VERSION, Failed
from npm_install import escape, read_json, request, run_script

ALWAYS = re.compile(r"^(package\.json|readme(\.[^/]*)?|licen[cs]e(\.[^/]*)?)$", re.IGNORECASE)
NEVER = re.compile(
    r"(^|/)(\.git|\.svn|\.hg|CVS|node_modules|\.npmrc|\.DS_Store|npm-debug\.log|\._[^/]*|package-lock\.json|\.[^/]*\.swp)(/|$)"
)


def _ignored(folder):
    for name in (".npmignore", ".gitignore"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                return [line.strip().strip("/") for line in file if line.strip() and not line.startswith("#")]
        except OSError:
            continue
    return []


def _listed(folder, manifest):
    wanted, ignored = manifest.get("files"), _ignored(folder)
    matches = lambda path, pattern: (
        fnmatch.fnmatch(path, pattern) or path.startswith(pattern + "/") or fnmatch.fnmatch(path, pattern + "/*")
    )
    for place, folders, names in os.walk(folder):
        base = os.path.relpath(place, folder)
        folders[:] = sorted(one for one in folders if not NEVER.search(os.path.join(base, one)))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(base, name))
            if ALWAYS.match(path) or path == manifest.get("main"):
                yield path
            elif NEVER.search(path) or name in (".gitignore", ".npmignore"):
                continue
            elif isinstance(wanted, list):
                if any(matches(path, str(one).lstrip("./").rstrip("/")) for one in wanted):
                    yield path
            elif not any(matches(path, one) or matches(name, one) for one in ignored):
                yield path


def pack(folder, manifest):
    """The tarball of a folder, as npm makes it: fixed times, no owner."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6, format=tarfile.USTAR_FORMAT) as archive:
        for path in _listed(folder, manifest):
            with open(os.path.join(folder, path), "rb") as file:
                content = file.read()
            member = tarfile.TarInfo(f"package/{path}")
            member.size, member.mtime = len(content), 499162500
            member.mode = 0o755 if os.access(os.path.join(folder, path), os.X_OK) else 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def tarball_name(manifest):
    return f"{manifest['name'].lstrip('@').replace('/', '-')}-{manifest['version']}.tgz"


def load(target, config, command):
    """Manifest and tarball of a folder (its scripts are run) or of a tarball."""
    if os.path.isfile(target):
        with open(target, "rb") as file:
            content = file.read()
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            member = next(one for one in archive if re.match(r"^[^/]+/package\.json$", one.name))
            return json.load(archive.extractfile(member)), content
    folder = os.path.abspath(target)
    path = os.path.join(folder, "package.json")
    try:
        manifest = read_json(path)
    except FileNotFoundError:
        raise Failed("ENOENT", f"Could not read package.json: Error: ENOENT: no such file or directory, open '{path}'") from None
    if not manifest.get("name") or not manifest.get("version"):
        raise Failed("EINVALIDPACKAGE", "Invalid package, must have name and version")
    if not config.flag("ignore-scripts"):
        for event in (*(["prepublishOnly"] if command == "publish" else []), "prepack", "prepare"):
            run_script(config, command, event, folder, manifest, folder)
    content = pack(folder, read_json(path))
    if not config.flag("ignore-scripts"):
        run_script(config, command, "postpack", folder, manifest, folder)
    return read_json(path), content


def npm_pack(config, words):
    for target in words or ["."]:
        manifest, content = load(target, config, "pack")
        with open(tarball_name(manifest), "wb") as file:
            file.write(content)
        print(tarball_name(manifest))


def npm_publish(config, words):
    target = words[0] if words else "."
    manifest, content = load(target, config, "publish")
    name, version = manifest["name"], manifest["version"]
    registry = (manifest.get("publishConfig") or {}).get("registry")
    if registry:
        config.all["registry"] = registry
    if manifest.get("private"):
        raise Failed("EPRIVATE", "This package has been marked as private\nRemove the 'private' field from the package.json to publish it.")
    if config.flag("dry-run"):
        print(f"+ {name}@{version}")
        return
    url = config.registry(name) + escape(name)
    if "authorization" not in config.headers(url, "publish"):
        raise Failed("ENEEDAUTH", f"This command requires you to be logged in to {config.registry(name)}\nYou need to authorize this machine using `npm adduser`")
    tarball = f"{name}-{version}.tgz"
    digest = lambda kind: hashlib.new(kind, content)
    dist = {
        "integrity": "sha512-" + base64.b64encode(digest("sha512").digest()).decode(),
        "shasum": digest("sha1").hexdigest(),
        "tarball": f"{config.registry(name).replace('https:', 'http:')}{name}/-/{tarball}",
    }
    tag = config.get("tag") or "latest"
    document = {
        "_id": name,
        "name": name,
        "description": manifest.get("description", ""),
        "dist-tags": {tag: version},
        "versions": {version: {**manifest, "_id": f"{name}@{version}", "_nodeVersion": "18.20.4", "_npmVersion": VERSION, "dist": dist}},
        "access": config.get("access"),
        "_attachments": {
            tarball: {"content_type": "application/octet-stream", "data": base64.b64encode(content).decode(), "length": len(content)}
        },
    }
    request(config, "publish", name, escape(name), "PUT", json.dumps(document).encode(), {"content-type": "application/json"})
    if os.path.isdir(target) and not config.flag("ignore-scripts"):
        for event in ("publish", "postpublish"):
            run_script(config, "publish", event, os.path.abspath(target), manifest, os.path.abspath(target))
    print(f"+ {name}@{version}")
