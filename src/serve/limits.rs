//! What one connection may use, and for how long.

use std::time::Duration;

/// What one connection may use, and for how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// TLS handshakes at the same time; further connections wait in the kernel's queue.
    pub handshakes: usize,
    /// The time from accepting a connection to the end of its handshake.
    pub handshake_timeout: Duration,
    /// How much of that it has for certain: after it the one that began first gives way where another connection waits, so that
    /// peers who connect and say nothing keep nobody out.
    pub handshake_patience: Duration,
    /// How long the end of the server waits for the first request of a new connection.
    pub first_request: Duration,
    /// The time an HTTP/1.1 request's head may take; an idle HTTP/1.1 connection ends after it too.
    pub header_timeout: Duration,
    /// The size of a request's head.
    pub header_bytes: u32,
    /// The lines of an HTTP/1.1 request's head. A proxy in front sends one for each group of a user, and hyper takes a hundred.
    pub header_lines: usize,
    /// What an HTTP/1.1 connection keeps of what it reads or writes: its heads are no larger, and a client that does not
    /// read holds so much memory.
    pub http1_buffer: usize,
    /// How long a connection without requests is kept.
    pub idle_timeout: Duration,
    /// HTTP/2 requests at the same time on one connection, as kube-apiserver has them: each may hold its whole answer for as long
    /// as the peer does not read. Clients of Go, an aggregator too, open another connection for more.
    pub streams: u32,
    /// What an HTTP/2 stream may send before it is read.
    pub stream_window: u32,
    /// What all streams of a connection may send before they are read.
    pub connection_window: u32,
    /// What waits to be written to one HTTP/2 stream; a slow watcher holds so much memory.
    pub send_buffer: usize,
    /// The largest HTTP/2 frame taken.
    pub frame: u32,
    /// How often a silent HTTP/2 peer is asked whether it is there.
    pub ping_interval: Duration,
    /// How long it may take to answer.
    pub ping_timeout: Duration,
    /// How long to serve on after a shutdown was announced, so that clients learn of it.
    pub shutdown_delay: Duration,
    /// How long requests may take to finish after that.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshakes: 512,
            handshake_timeout: Duration::from_secs(10),
            handshake_patience: Duration::from_secs(1),
            first_request: Duration::from_secs(5),
            header_timeout: Duration::from_secs(32),
            header_bytes: 1 << 20,
            header_lines: 1000,
            http1_buffer: 192 << 10,
            idle_timeout: Duration::from_secs(90),
            streams: 100,
            stream_window: 512 << 10,
            connection_window: 4 << 20,
            send_buffer: 64 << 10,
            frame: 64 << 10,
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(15),
            shutdown_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(60),
        }
    }
}
