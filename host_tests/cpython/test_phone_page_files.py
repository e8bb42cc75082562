"""The files of the phone page as any web server has them: complete, of one version, with nothing from elsewhere."""

import hashlib
import json
import re
import struct

from latchkey_tools.simulator.server import PHONE_PAGE

_PAGE = (PHONE_PAGE / "index.html").read_text()
_WORKER = (PHONE_PAGE / "sw.js").read_text()


def _kept():
    listed = _WORKER[_WORKER.index("FILES = [") : _WORKER.index("];")]
    return re.findall(r'"([^"]+)"', listed)


def test_the_service_worker_keeps_every_file_once():
    there = {path.name for path in PHONE_PAGE.iterdir()}
    assert sorted(_kept()) == sorted(there - {"sw.js", "README.md"})


def test_the_version_is_that_of_the_files():
    version = hashlib.sha256(b"".join((PHONE_PAGE / name).read_bytes() for name in _kept())).hexdigest()[:12]
    assert f'const VERSION = "{version}";' in _WORKER, f'the files have changed: write VERSION = "{version}" into sw.js'


def test_modules_import_what_is_there_and_nothing_else():
    for path in PHONE_PAGE.glob("*.js"):
        for wanted in re.findall(r'from "([^"]+)"', path.read_text()):
            assert wanted.startswith("./") and (PHONE_PAGE / wanted).is_file(), (path.name, wanted)


def test_nothing_is_fetched_from_elsewhere():
    """Addresses stand in prose only: the one example of an address that cannot work."""
    for path in PHONE_PAGE.iterdir():
        if path.suffix in (".js", ".html", ".css", ".webmanifest"):
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert set(re.findall(r"https?://[\w.]*\w", text)) <= {"http://192.168.1.20", "http://localhost"}, path.name


def test_the_policy_allows_no_inline_code_and_no_connection():
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', _PAGE)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["connect-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert {rules[kind] for kind in rules} == {"'none'", "'self'"}
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*src=)", _PAGE)


def test_the_manifest_has_what_installing_needs():
    manifest = json.loads((PHONE_PAGE / "manifest.webmanifest").read_text())
    assert manifest["name"] and manifest["display"] == "standalone"
    assert manifest["start_url"] == manifest["scope"] == "./"
    for icon in manifest["icons"]:
        data = (PHONE_PAGE / icon["src"]).read_bytes()
        if icon["type"] == "image/png":
            assert "%dx%d" % struct.unpack(">II", data[16:24]) == icon["sizes"]
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
