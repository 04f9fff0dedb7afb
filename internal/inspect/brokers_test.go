package inspect_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/inspect"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// listenAMQP runs a broker with the virtual host "/", on which only user u with the password p can
// log in.
func listenAMQP(t *testing.T) net.Listener {
	t.Helper()
	return testproc.Listen(t, func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
			return
		}
		method := func(class, method uint16, arguments string) {
			payload := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, class), method)
			payload = append(payload, arguments...)
			frame := binary.BigEndian.AppendUint32([]byte{1, 0, 0}, uint32(len(payload)))
			_, _ = c.Write(append(append(frame, payload...), 0xCE))
		}
		closing := func(code uint16, text string) {
			method(10, 50, string(binary.BigEndian.AppendUint16(nil, code))+string(rune(len(text)))+text+"\x00\x00\x00\x00")
		}
		method(10, 10, "\x00\x09\x00\x00\x00\x00\x00\x00\x00\x0ePLAIN AMQPLAIN\x00\x00\x00\x05en_US") // start
		for {
			head := make([]byte, 7)
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
			if _, err := io.ReadFull(c, body); err != nil || head[0] != 1 {
				return
			}
			switch body[3] {
			case 11: // start-ok
				if !bytes.Contains(body, []byte("\x05LOGINS\x00\x00\x00\x01u")) || !bytes.Contains(body, []byte("\x08PASSWORDS\x00\x00\x00\x01p")) {
					closing(403, "ACCESS_REFUSED - Login was refused")
					continue
				}
				method(10, 30, "\x07\xff\x00\x02\x00\x00\x00\x00") // tune
			case 40: // open
				if vhost := string(body[5 : 5+body[4]]); vhost != "/" {
					closing(530, "NOT_ALLOWED - vhost "+vhost+" not found")
					continue
				}
				method(10, 41, "\x00")
			case 50: // close
				method(10, 51, "")
			}
		}
	})
}

// TestTransports finds each mistake of transport_url and [oslo_messaging_rabbit], and nothing where
// there is none.
func TestTransports(t *testing.T) {
	t.Parallel()
	up := listenAMQP(t).Addr().String()
	closes := testproc.Listen(t, func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 8)) }).Addr().String()
	for _, test := range []struct {
		transport, rabbit string
		want              string // "": nothing
		offline           bool   // no service is asked for it
	}{
		{transport: "rabbit://u:p@UP/"},
		{transport: "rabbit://u:p@UP//"},
		{transport: "fake://"},
		{transport: "rabbit://u:secret@UP/", want: `nova.conf:6: [DEFAULT] transport_url: RabbitMQ at UP refuses the login of the user "u": ACCESS_REFUSED - Login was refused`},
		{transport: "rabbit://u:p@UP,u:secret@UP/", want: `nova.conf:6: [DEFAULT] transport_url: RabbitMQ at UP refuses the login of the user "u": *`},
		{transport: "rabbit://u:p@UP/nova", want: `nova.conf:6: [DEFAULT] transport_url: RabbitMQ at UP refuses the virtual host "nova" to the user "u": NOT_ALLOWED - vhost nova not found`},
		{transport: "rabbit://u:p@UP/", rabbit: "ssl = true", want: "nova.conf:6: [DEFAULT] transport_url: RabbitMQ at UP does not speak TLS on this port, but [oslo_messaging_rabbit] ssl is true"},
		{transport: "rabbit://u:p@CLOSES/", want: "nova.conf:6: [DEFAULT] transport_url: RabbitMQ at CLOSES closes the connection before the login; it may expect TLS*"},
		{transport: "kafka://u:secret@UP/", offline: true, want: `nova.conf:6: [DEFAULT] transport_url: there is no driver "kafka": rabbit or fake`},
		{transport: "nonsense", offline: true, want: "nova.conf:6: [DEFAULT] transport_url: no scheme specified"},
		{transport: "rabbit://u:p@h:x/", offline: true, want: "nova.conf:6: [DEFAULT] transport_url: *"},
		{transport: "rabbit://u:p@UP/?nosuch=1", offline: true, want: `nova.conf:6: [DEFAULT] transport_url: no option "nosuch" in [oslo_messaging_rabbit]`},
		{transport: "rabbit://u:p@UP/", rabbit: "ssl = true\nssl_ca_file = /nowhere", offline: true, want: "nova.conf:9: [oslo_messaging_rabbit] ssl_ca_file: open /nowhere: *"},
		{transport: "rabbit://u:p@UP/", rabbit: "rabbit_login_method = EXTERNAL", want: "nova.conf:6: [DEFAULT] transport_url: RabbitMQ at UP does not offer the login method EXTERNAL"},
	} {
		conf := strings.NewReplacer("UP", up, "CLOSES", closes).Replace(databases + "[DEFAULT]\ntransport_url = " + test.transport + "\n[oslo_messaging_rabbit]\n" + test.rabbit + "\n")
		dir := write(t, conf, pasteFile)
		for _, timeout := range []time.Duration{0, 10 * time.Second} {
			list, _ := computeService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: timeout})
			var about []inspect.Finding
			for _, f := range list {
				if f.Section == "DEFAULT" || f.Section == "oslo_messaging_rabbit" {
					about = append(about, f)
				}
			}
			var want []string
			if test.want != "" && (timeout > 0 || test.offline) {
				want = append(want, "error: "+strings.NewReplacer("UP", up, "CLOSES", closes).Replace(test.want))
			}
			expect(t, dir, about, want)
		}
	}
}

// TestDatabasesThatRefuse names the option and the reason of each database that cannot be used.
func TestDatabasesThatRefuse(t *testing.T) {
	t.Parallel()
	refuses := func(code uint16, text string) string { // a server whose first packet is an error
		return testproc.Listen(t, func(c net.Conn) {
			payload := binary.LittleEndian.AppendUint16([]byte{0xFF}, code)
			payload = append(payload, "#28000"+text...)
			_, _ = c.Write(append([]byte{byte(len(payload)), 0, 0, 0}, payload...))
		}).Addr().String()
	}
	password, host := refuses(1045, "Access denied for user 'nova'"), refuses(1130, "Host 'x' is not allowed to connect")
	database, full := refuses(1049, "Unknown database 'nova'"), refuses(1040, "Too many connections")
	for _, test := range []struct {
		main, api string // the lines of the groups
		want      []string
		offline   bool
	}{
		{"connection = mysql+pymysql://nova:secret@" + password + "/nova", "connection = mysql+pymysql://nova:secret@" + host + "/api", []string{
			"error: nova.conf:2: [database] connection: the database at " + password + "/nova refuses the login: Access denied for user 'nova'",
			"error: nova.conf:4: [api_database] connection: the database at " + host + "/api refuses the login: Host 'x' is not allowed to connect"}, false},
		{"connection = mysql+pymysql://nova:secret@" + database + "/nova", "connection = mysql+pymysql://nova:secret@" + full + "/api", []string{
			"error: nova.conf:2: [database] connection: the database at " + database + "/nova refuses the database: Unknown database 'nova'",
			"error: nova.conf:4: [api_database] connection: the database does not answer: *"}, false},
		{"connection = mysql+pymysql://nova:secret@h/nova?ssl_mode=REQUIRED", "connection = postgresql://nova:secret@h/nova\nconnection_parameters = nosuch=1", []string{
			"error: nova.conf:2: [database] connection: database URL: ssl_mode is not known to PyMySQL",
			"error: nova.conf:5: [api_database] connection_parameters: database URL: nosuch is not known to psycopg2"}, true},
		{"connection = sqlite:///%[1]s/a\nslave_connection = oracle://secret@h/x\nsynchronous_reader = false", "connection = sqlite:///%[1]s/b", []string{
			`error: nova.conf:3: [database] slave_connection: cannot use the database "oracle": use mysql, postgresql or sqlite`}, true},
	} {
		dir := write(t, "[database]\n"+test.main+"\n[api_database]\n"+test.api+"\n", pasteFile)
		for _, timeout := range []time.Duration{0, 10 * time.Second} {
			list, _ := computeService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: timeout})
			var about []inspect.Finding
			for _, f := range list {
				if strings.Contains(f.Section, "database") {
					about = append(about, f)
				}
				if strings.Contains(f.String(), "secret") {
					t.Errorf("the password is in %s", f)
				}
			}
			want := test.want
			if timeout == 0 && !test.offline {
				want = nil
			}
			expect(t, dir, about, want)
		}
	}
}

// TestSchemas compares the revisions of all databases.
func TestSchemas(t *testing.T) {
	t.Parallel()
	const mappings = "CREATE TABLE cell_mappings (id INT, uuid TEXT, name TEXT, transport_url TEXT, database_connection TEXT, disabled BOOLEAN)"
	for name, test := range map[string]struct {
		api, cell, url string // revisions ("": none; "none": no table either), and the URL of the cell
		want           []string
	}{
		"good":        {"cdeec0c85668", "ab450ba04102", "sqlite:///%[1]s/cell.sqlite", nil},
		"template":    {"cdeec0c85668", "ab450ba04102", "{scheme}:///%[1]s/cell.sqlite", nil},
		"no schema":   {"none", "ab450ba04102", "sqlite:///%[1]s/cell.sqlite", []string{"error: nova.conf:4: [api_database] connection: the database cannot be used: *"}},
		"no revision": {"", "ab450ba04102", "sqlite:///%[1]s/cell.sqlite", []string{"warning: nova.conf:4: [api_database] connection: the revision of the database cannot be read: *"}},
		"old schema":  {"b30f573d3377", "ab450ba04102", "sqlite:///%[1]s/cell.sqlite", []string{"warning: nova.conf:4: [api_database] connection: the database has the revision b30f573d3377 and not cdeec0c85668 (nova-manage api_db sync*"}},
		"old cell":    {"cdeec0c85668", "960aac0e09ea", "sqlite:///%[1]s/cell.sqlite", []string{"warning: cell one (u): its database has the revision 960aac0e09ea and not ab450ba04102 (nova-manage db sync brings it up to date)"}},
		"empty cell":  {"cdeec0c85668", "none", "sqlite:///%[1]s/cell.sqlite", []string{"error: cell one (u): its database cannot be used: *"}},
		"bad URL":     {"cdeec0c85668", "", "mysql+pymysql://u:secret@h/x?nosuch=1", []string{"error: cell mapping u: database URL: nosuch is not known to PyMySQL"}},
	} {
		dir := write(t, databases, pasteFile)
		fill := func(file, head string, statements ...string) {
			d, err := db.Open("sqlite:///"+filepath.Join(dir, file+".sqlite"), db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			if head == "none" {
				statements = nil
			} else if head != "" {
				statements = append(statements, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('"+head+"')")
			}
			for _, statement := range append(statements, "CREATE TABLE other (id INT)") {
				if _, err := db.Exec(t.Context(), d, statement); err != nil {
					t.Fatal(err)
				}
			}
		}
		fill("main", "ab450ba04102")
		fill("cell", test.cell, "CREATE TABLE instances (id INT)")
		fill("api", test.api, mappings, strings.ReplaceAll("INSERT INTO cell_mappings VALUES (1, 'u', 'one', 'none://', '"+test.url+"', FALSE)", "%[1]s", dir))
		list, _ := computeService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: 10 * time.Second})
		var about []inspect.Finding
		for _, f := range list {
			if strings.Contains(f.Section, "database") || strings.HasPrefix(f.Message, "cell") {
				about = append(about, f)
			}
		}
		t.Run(name, func(t *testing.T) { expect(t, dir, about, test.want) })
	}
}
