"""npm's commands."""

import json
import os
import re
import shutil
import sys
from urllib.parse import quote

from npm_config import VERSION, Config, Failed, parse_words, read_file
from npm_install import Installer, escape, install, link_bins, project_root, read_json, request, run_script, split_spec, write_json
from npm_publish import npm_pack, npm_publish


def show(config, value):
    if config.flag("json") or not isinstance(value, str):
        print(json.dumps(value, indent=2))
    else:
        print(value)


def whoami(config):
    return request(config, "whoami", "", "-/whoami")["username"]


def npm_whoami(config, words):
    url = config.registry() + "-/whoami"
    if "authorization" not in config.headers(url, "whoami"):
        raise Failed("ENEEDAUTH", "This command requires you to be logged in.\nYou need to authorize this machine using `npm adduser`")
    show(config, whoami(config))


def npm_view(config, words):
    name, wanted = split_spec(words[0]) if words else (read_json("package.json")["name"], "")
    document = request(config, "view", name, escape(name))
    versions = list(document["versions"])
    version = document["dist-tags"].get(wanted or "latest") or (wanted if wanted in versions else versions[-1])
    facts = {**document, **document["versions"][version], "versions": versions}
    if not words[1:]:
        if config.flag("json"):
            return show(config, facts)
        print(f"\n{name}@{version} | {facts.get('license', 'Proprietary')} | versions: {len(versions)}\n{facts.get('description', '')}")
        people = ", ".join(one.get("name", "") for one in facts.get("maintainers", []))
        print(f"\ndist\n.tarball: {facts['dist']['tarball']}\n.shasum: {facts['dist']['shasum']}\n\nmaintainers:\n- {people}\n")
        return None
    for field in words[1:]:
        value = facts
        for part in field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            show(config, value)
    return None


def npm_search(config, words):
    path = f"-/v1/search?text={quote(' '.join(words))}&size={config.get('searchlimit') or 20}"
    found = [one["package"] for one in request(config, "search", "", path)["objects"]]
    if config.flag("json"):
        return show(config, found)
    for one in found:
        print("\t".join([one["name"], one.get("description", ""), one["version"]]))
    return None


def npm_access(config, words):
    if words[:2] == ["list", "packages"] or words[:1] == ["ls-packages"]:
        who = words[-1] if len(words) > 2 else whoami(config)
        kind = f"-/org/{quote(who[1:])}/package" if who.startswith("@") else f"-/user/{quote(who)}/package"
        packages = request(config, "access", "", kind)
        if config.flag("json"):
            return show(config, packages)
        for name, right in packages.items():
            print(f"{name}: {'read-write' if right == 'write' else right}")
    elif words[:2] == ["list", "collaborators"]:
        show(config, request(config, "access", words[2], f"-/package/{escape(words[2])}/collaborators"))
    return None


def npm_owner(config, words):
    if words[:1] in (["ls"], ["list"]):
        name = words[1] if len(words) > 1 else read_json("package.json")["name"]
        for one in request(config, "owner", name, escape(name)).get("maintainers", []):
            print(f"{one['name']} <{one['email']}>")


def npm_token(config, words):
    tokens = request(config, "token", "", "-/npm/v1/tokens")["objects"]
    if config.flag("json"):
        return show(config, tokens)
    for one in tokens:
        print(f"{one['token']}... {one['created'][:10]}")
    return None


def npm_config(config, words):
    known = {"registry": config.registry(), "prefix": "/usr/local", "userconfig": config.user_file, "cache": os.path.expanduser("~/.npm")}
    action, rest = (words[0], words[1:]) if words else ("list", [])
    if action == "get" and rest:
        for name in rest:
            print(config.get(name, known.get(name, "undefined")))
    elif action in ("set", "delete", "rm"):
        pairs = [one.split("=", 1) for one in rest] if rest and "=" in rest[0] else [rest[:2]]
        settings = read_file(config.user_file)
        for name, *value in pairs:
            settings.pop(name, None)
            if action == "set":
                settings[name] = value[0] if value else ""
        with open(config.user_file, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
    else:
        for name, value in {**known, **config.all}.items():
            print(f"{name} = {'(protected)' if '_auth' in name else json.dumps(value)}")


def npm_run(config, words, rest=()):
    root = project_root()
    manifest = read_json(os.path.join(root, "package.json"))
    scripts = manifest.get("scripts") or {}
    if not words:
        for name, script in scripts.items():
            print(f"  {name}\n    {script}")
        return
    event = words[0]
    if event not in scripts and not (event == "start" and os.path.exists(os.path.join(root, "server.js"))):
        raise Failed("1", f'Missing script: "{event}"\n\nTo see a list of scripts, run:\n  npm run')
    if event not in scripts:
        manifest["scripts"] = {**scripts, "start": "node server.js"}
    for one in (f"pre{event}", event, f"post{event}"):
        run_script(config, "run-script", one, root, manifest, root, words=[*words[1:], *rest] if one == event else ())


def npm_exec(config, words, rest=()):
    spec = config.get("package") or config.get("p") or (words[0] if words else "")
    words = [*words, *rest]
    local = os.path.join(project_root(), "node_modules/.bin", words[0] if words else "")
    if words and os.path.isfile(local) and "@" not in words[0][1:]:
        os.execv(local, [local, *words[1:]])
    folder = os.path.expanduser("~/.npm/_npx/" + re.sub(r"\W", "", spec)[:40])
    modules = os.path.join(folder, "node_modules")
    os.makedirs(modules, exist_ok=True)
    name, _ = Installer(config, folder, modules, os.path.join(modules, ".bin")).add(spec)
    bins = sorted(os.listdir(os.path.join(modules, ".bin"))) if os.path.isdir(os.path.join(modules, ".bin")) else []
    own = name.split("/")[-1]
    program = (words[0] if config.get("package") and words else own) if own in bins or config.get("package") else (bins or [""])[0]
    path = os.path.join(modules, ".bin", program)
    if not program or not os.path.isfile(path):
        raise Failed("1", "could not determine executable to run")
    os.environ["PATH"] = os.path.join(modules, ".bin") + ":" + os.environ.get("PATH", "")
    os.execv(path, [path, *words[1:]])


def npm_version(config, words):
    if not words:
        print(json.dumps({"npm": VERSION, "node": "18.20.4"}, indent=2))
        return
    manifest = read_json("package.json")
    numbers = [int(one) for one in re.findall(r"\d+", manifest.get("version", "0.0.0"))[:3]]
    place = {"major": 0, "minor": 1, "patch": 2}.get(words[0])
    if place is None:
        new = words[0].lstrip("v")
    else:
        new = ".".join(str(one) for one in [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)])
    for event in ("preversion", "version", "postversion"):
        if event == "version":
            write_json("package.json", {**manifest, "version": new})
        run_script(config, "version", event, os.getcwd(), manifest, os.getcwd())
    print(f"v{new}")


def npm_init(config, words):
    name = re.sub(r"[^a-z0-9._-]", "-", os.path.basename(os.getcwd()).lower())
    manifest = {"name": name, "version": "1.0.0", "main": "index.js", "license": "ISC"}
    if not os.path.exists("package.json"):
        write_json("package.json", manifest)
    print(f"Wrote to {os.path.abspath('package.json')}")


def npm_pkg(config, words):
    manifest = read_json("package.json")
    if words[:1] == ["get"]:
        show(config, {name: manifest.get(name) for name in words[1:]} if len(words) > 2 else manifest.get(words[1]) if words[1:] else manifest)
        return
    for one in words[1:]:
        name, _, value = one.partition("=")
        place = manifest
        *folders, last = name.split(".")
        for folder in folders:
            place = place.setdefault(folder, {})
        if words[0] == "delete":
            place.pop(last, None)
        else:
            place[last] = json.loads(value) if config.flag("json") else value
    write_json("package.json", manifest)


def npm_uninstall(config, words):
    base = "/usr/local/lib/node_modules" if config.flag("global") else os.path.join(project_root(), "node_modules")
    for name in words:
        shutil.rmtree(os.path.join(base, name), ignore_errors=True)
    print(f"\nremoved {len(words)} package{'' if len(words) == 1 else 's'} in 301ms")


def npm_link(config, words):
    manifest = read_json("package.json")
    target = os.path.join("/usr/local/lib/node_modules", manifest["name"])
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if not os.path.lexists(target):
        os.symlink(os.getcwd(), target)
    link_bins(os.getcwd(), manifest, "/usr/local/bin")


def npm_ls(config, words):
    root = project_root()
    modules = "/usr/local/lib/node_modules" if config.flag("global") else os.path.join(root, "node_modules")
    print(modules[:-13] if config.flag("global") else root)
    for name in sorted(os.listdir(modules)) if os.path.isdir(modules) else ():
        if not name.startswith((".", "@")):
            print(f"├── {name}@{read_json(os.path.join(modules, name, 'package.json')).get('version', '')}")


def npm_login(config, words):
    raise Failed("E401", f"401 Unauthorized - POST {config.registry()}-/v1/login")


def tell(path):
    return lambda config, words: print(path(config))


def npm_profile(config, words):
    show(config, request(config, "profile", "", "-/npm/v1/user"))


def npm_tag(config, words):
    name = words[1] if len(words) > 1 else read_json("package.json")["name"]
    for tag, version in request(config, "dist-tag", name, f"-/package/{escape(name)}/dist-tags").items():
        print(f"{tag}: {version}")


COMMANDS = {
    **dict.fromkeys(("install", "i", "add", "ci", "clean-install", "install-ci-test", "it", "in", "ins", "isntall"), install),
    **dict.fromkeys(("view", "info", "show", "v"), npm_view),
    **dict.fromkeys(("search", "s", "se", "find"), npm_search),
    **dict.fromkeys(("config", "c"), npm_config),
    **dict.fromkeys(("uninstall", "remove", "rm", "un", "r"), npm_uninstall),
    **dict.fromkeys(("ls", "list", "ll", "la"), npm_ls),
    **dict.fromkeys(("login", "adduser", "add-user"), npm_login),
    **{"publish": npm_publish, "pack": npm_pack, "whoami": npm_whoami, "access": npm_access, "owner": npm_owner},
    **{"token": npm_token, "version": npm_version, "init": npm_init, "create": npm_init, "pkg": npm_pkg, "link": npm_link},
    **{"profile": npm_profile, "dist-tag": npm_tag, "ping": tell(lambda config: f"npm notice PONG {config.registry()}")},
    **{"root": tell(lambda config: "/usr/local/lib/node_modules" if config.flag("global") else os.path.join(project_root(), "node_modules"))},
    **{"prefix": tell(lambda config: "/usr/local" if config.flag("global") else project_root())},
    **{"get": lambda config, words: npm_config(config, ["get", *words]), "set": lambda config, words: npm_config(config, ["set", *words])},
    **dict.fromkeys(("cache", "audit", "fund", "doctor", "update", "up", "outdated", "prune", "dedupe", "rebuild", "logout"), tell(lambda config: "")),
}
RUN = {"run": None, "run-script": None, "test": "test", "t": "test", "start": "start", "stop": "stop", "restart": "restart"}


def main(words, always=None):
    options, plain, rest = parse_words(words if not always else [])
    if always == "exec":
        # Options behind the first word belong to the program.
        first = next((index for index, word in enumerate(words) if not word.startswith("-")), len(words))
        options, plain, rest = parse_words(words[:first])
        plain, rest = words[first : first + 1], words[first + 1 :]
    if "version" in options and not plain:
        print(VERSION)
        return 0
    if options.get("C") or options.get("prefix") and not options.get("global") and plain[:1] != ["install"]:
        os.chdir(options.get("C") or options["prefix"])
    os.environ.setdefault("INIT_CWD", os.getcwd())
    config = Config(options)
    command, words = (always, plain) if always else (plain[0] if plain else "help", plain[1:])
    try:
        if command in ("exec", "x"):
            npm_exec(config, words, rest)
        elif command in RUN:
            npm_run(config, words if RUN[command] is None else [RUN[command], *words], rest)
        elif command in COMMANDS:
            COMMANDS[command](config, words)
        elif command == "help" or "help" in options:
            print("npm <command>\n\nUsage:\n\nnpm install        install all the dependencies in your project\n")
            return 1 if command == "help" else 0
        else:
            print(f'Unknown command: "{command}"\n\nTo see a list of supported npm commands, run:\n  npm help', file=sys.stderr)
            return 1
    except Failed as failed:
        sys.stdout.flush()
        lines = "\n".join(f"npm error {line}" for line in str(failed).split("\n"))
        if "silent" not in options:
            print(f"npm error code {failed.code}\n{lines}", file=sys.stderr)
        return int(failed.code) if failed.code.isdigit() and 0 < int(failed.code) < 256 else 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"npm error {error}", file=sys.stderr)
        return 1
    return 0
