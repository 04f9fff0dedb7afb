// Package serve hosts a handler: over HTTP and HTTPS, and over the uwsgi
// protocol, FastCGI and SCGI that Apache and nginx speak, on TCP and unix
// sockets, several at once, until it is told to stop and has drained. Sockets
// come from systemd (Inherit) and go to a successor (Server.Replace); the
// handler can be exchanged meanwhile (Switch).
//
// What a front end says about the request in CGI variables ends up where
// handlers look anyway: SCRIPT_NAME in paste.ScriptName, REMOTE_ADDR in
// Request.RemoteAddr, and HTTPS or REQUEST_SCHEME in Request.URL.Scheme, which
// is "https" then. So a request came in by TLS if Request.TLS is not nil or
// Request.URL.Scheme is "https".
//
// A protocol is a source (see source.go). Those that carry CGI variables share
// cgiSource, cgiRequest and cgiResponse, and add their framing.
package serve
