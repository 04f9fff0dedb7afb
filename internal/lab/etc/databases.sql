{{- /* MariaDB runs this whenever it starts. A statement is a line. */ -}}
{{if .HA -}}
FLUSH PRIVILEGES;
CREATE USER IF NOT EXISTS 'admin'@'127.0.0.1' IDENTIFIED BY 'lab';
GRANT ALL ON *.* TO 'admin'@'127.0.0.1' WITH GRANT OPTION;
{{end -}}
CREATE USER IF NOT EXISTS 'lab'@'127.0.0.1' IDENTIFIED BY 'lab';
{{- range .Databases}}
CREATE DATABASE IF NOT EXISTS {{.}} CHARACTER SET utf8mb3;
GRANT ALL ON {{.}}.* TO 'lab'@'127.0.0.1';
{{- end}}
