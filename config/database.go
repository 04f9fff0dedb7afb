package config

// Database holds the options of oslo.db, in [database] for a cell and in [api_database] for the
// API database.
type Database struct {
	// Connection is a SQLAlchemy URL.
	Connection string `opt:"connection" secret:"true"`
	// SlaveConnection is the URL for reads that may lag.
	SlaveConnection string `opt:"slave_connection" secret:"true"`
	// ConnectionParameters are appended to the URL.
	ConnectionParameters string `opt:"connection_parameters" default:""`
	// Backend is always sqlalchemy.
	Backend string `opt:"backend" default:"sqlalchemy"`
	// SQLiteSynchronous waits for the disk.
	SQLiteSynchronous bool `opt:"sqlite_synchronous" default:"true"`
	// MySQLSQLMode is set on each connection; empty: none, whatever the server's.
	MySQLSQLMode string `opt:"mysql_sql_mode" default:"TRADITIONAL"`
	// MySQLWsrepSyncWait is set on each connection; nil: the server's.
	MySQLWsrepSyncWait *int `opt:"mysql_wsrep_sync_wait"`
	// ConnectionRecycleTime in seconds after which a connection is renewed.
	ConnectionRecycleTime int `opt:"connection_recycle_time" default:"3600"`
	// MaxPoolSize of idle connections; 0: no limit.
	MaxPoolSize int `opt:"max_pool_size" default:"5"`
	// MaxOverflow of connections beyond MaxPoolSize; -1: no limit.
	MaxOverflow int `opt:"max_overflow" default:"50"`
	// PoolTimeout in seconds for a free connection; nil: 30.
	PoolTimeout *int `opt:"pool_timeout"`
	// MaxRetries at the first connection; -1: for ever.
	MaxRetries int `opt:"max_retries" default:"10"`
	// RetryInterval in seconds between them.
	RetryInterval int `opt:"retry_interval" default:"10"`
	// ConnectionDebug is 0 to 100.
	ConnectionDebug int `opt:"connection_debug" default:"0" max:"100" min:"0"`
	// ConnectionTrace adds Python's stack to statements.
	ConnectionTrace bool `opt:"connection_trace" default:"false"`
	// UseDBReconnect repeats statements after a lost connection.
	UseDBReconnect bool `opt:"use_db_reconnect" default:"false"`
	// DBRetryInterval in seconds between such repetitions.
	DBRetryInterval int `opt:"db_retry_interval" default:"1"`
	// DBIncRetryInterval doubles that time.
	DBIncRetryInterval bool `opt:"db_inc_retry_interval" default:"true"`
	// DBMaxRetryInterval in seconds.
	DBMaxRetryInterval int `opt:"db_max_retry_interval" default:"10"`
	// DBMaxRetries of a statement; -1: for ever.
	DBMaxRetries int `opt:"db_max_retries" default:"20"`
	// SynchronousReader makes readers wait for the writer's changes.
	SynchronousReader bool `opt:"synchronous_reader" default:"true"`
	// AsyncioConnection is the URL for Python's asyncio.
	AsyncioConnection string `opt:"asyncio_connection" secret:"true"`
	// AsyncioSlaveConnection is the URL for Python's asyncio.
	AsyncioSlaveConnection string `opt:"asyncio_slave_connection" secret:"true"`
}
