"""A relay on the loopback that counts bytes and can delay them."""

import collections
import selectors
import socket
import threading
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Relay:
    """Passes connections to `port` on to `after`, each piece `delay` seconds later."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.after = free_port()
        self.delay = 0.0
        self.bytes = 0
        self._over = False

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._over = True
        self.listener.close()

    def _accept(self):
        while not self._over:
            try:
                front, _ = self.listener.accept()
            except OSError:
                return
            deadline = time.monotonic() + 10
            while True:
                try:
                    back = socket.create_connection(("127.0.0.1", self.after))
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
            for end in (front, back):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass_on, args=(front, back), daemon=True).start()

    def _pass_on(self, front, back):
        """Carries both directions of one connection; late pieces wait in order of their time."""
        selector = selectors.DefaultSelector()
        for source, sink in ((front, back), (back, front)):
            source.setblocking(True)
            selector.register(source, selectors.EVENT_READ, sink)
        waiting = collections.deque()
        while True:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, sink, piece = waiting.popleft()
                if not piece:
                    for end in (front, back):
                        end.close()
                    return
                try:
                    sink.sendall(piece)
                except OSError:
                    front.close()
                    back.close()
                    return
            timeout = max(0.0, waiting[0][0] - now) if waiting else None
            for key, _ in selector.select(timeout):
                try:
                    piece = key.fileobj.recv(65536)
                except OSError:
                    piece = b""
                self.bytes += len(piece)
                if not piece:
                    selector.unregister(key.fileobj)
                waiting.append((time.monotonic() + self.delay, key.data, piece))
