"""
Chromium, driven over two pipes by its DevTools protocol: nothing but Python and the browser is needed.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile

#: What keeps it from the network and from what a first start asks.
OPTIONS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip


def find():
    """Gives the path of the browser; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One browser with one tab. Everything that a page complains about is in `complaints`."""

    def __init__(self, path):
        self._profile = tempfile.mkdtemp(prefix="audit_rules-pages-")
        theirs, self._to = os.pipe()
        self._from, ours = os.pipe()
        options = [*OPTIONS, "--user-data-dir=" + self._profile] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        # The browser reads from descriptor 3 and writes to 4.
        command = ["bash", "-c", 'exec "$@" 3<&{} 4>&{}'.format(theirs, ours), "browser", path, *options]
        self._process = subprocess.Popen(command, pass_fds=(theirs, ours), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(theirs)
        os.close(ours)
        self._read, self._number, self._session, self._events = b"", 0, None, []
        self.complaints = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def close(self):
        self._session = None
        self.call("Browser.close")
        self._process.wait(timeout=30)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method, **parameters):
        """Gives the result of a method of the protocol. RuntimeError where it has none."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError("{}: {}".format(method, answer["error"]))
                return answer["result"]

    def _next(self):
        while b"\0" not in self._read:
            part = os.read(self._from, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self._read += part
        message, _, self._read = self._read.partition(b"\0")
        answer = json.loads(message.decode())
        method = answer.get("method")
        if method:
            self._events.append(method)
        if method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(answer["params"])
        return answer

    def open(self, path, width=1200, height=1000, scheme="light"):
        """Shows a file. scheme: what the user prefers, light or dark."""
        self.complaints = []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.prefer(scheme)
        self._events = []
        self.call("Page.navigate", url="file://" + path)
        while "Page.loadEventFired" not in self._events:
            self._next()

    def prefer(self, scheme, media="screen"):
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def run(self, script):
        """Gives what a script comes to, of JSON's types. A promise is waited for."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def press(self, key, code):
        """Presses a key. code: its number, as of `keyCode`."""
        more = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **(more if kind == "keyDown" else {}))

    def picture(self):
        """Gives what is shown as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def names(self):
        """Gives role and name of every element, as a screen reader gets them."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"] and "role" in node]
