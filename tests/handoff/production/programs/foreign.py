"""A server that knows nothing but LISTEN_FDS. Its argument is its build."""
import http.server
import os
import socket
import sys


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f'{{"pid": {os.getpid()}, "build": "{sys.argv[1]}"}}'.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


assert os.environ["LISTEN_FDS"] == "1", os.environ["LISTEN_FDS"]
server = http.server.HTTPServer(("127.0.0.1", 0), Answer, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=3)
server.serve_forever()
