// Package serve hosts a handler over HTTP and HTTPS, and over the protocols uwsgi, FastCGI and
// SCGI of Apache and nginx, on TCP and unix sockets. It serves several listeners until its
// context ends, and then drains them. Sockets can come from systemd (Inherit) and can be passed
// to a successor process (Server.Replace). The handler can be replaced while it serves
// (Switch).
//
// CGI variables of front servers are stored where handlers expect the data: SCRIPT_NAME in
// paste.ScriptName, REMOTE_ADDR in Request.RemoteAddr, and HTTPS or REQUEST_SCHEME as "https"
// in Request.URL.Scheme. A request was thus received over TLS if Request.TLS is not nil or
// Request.URL.Scheme is "https".
//
// Each protocol is a source (see source.go). Protocols with CGI variables share cgiSource,
// cgiRequest and cgiResponse, and add their framing.
package serve
