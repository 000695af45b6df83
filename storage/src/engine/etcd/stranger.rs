//! Who answers at an endpoint where no etcd does.
//!
//! The error of a call tells what the client could not do; whoever wrote the endpoint must hear what is there. It is greeted
//! as etcd would be, with the beginning of HTTP/2, with and without TLS, and its first bytes tell.

use std::time::Duration;

use futures_util::future::join_all;
use http::Uri;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Config;

/// How long somebody may take to say anything.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many of the first bytes tell who it is.
const ENOUGH: usize = 96;
/// How HTTP/2 begins: the client's preface, and its settings, which are none.
const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// What was heard after the greeting.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Http2,
    Tls,
    Http1(String),
    Words(String),
    Closed,
    Nothing,
}

/// Why no etcd answers: who does where somebody does, and otherwise `reason`.
pub(super) async fn explained(config: &Config, reason: String) -> String {
    let looks = config.endpoints.iter().map(|url| look(config, url));
    let found: Vec<_> = join_all(looks).await.into_iter().flatten().collect();
    match found.len() {
        0 => reason,
        all if all == config.endpoints.len() => found.join("; "),
        _ => format!("{reason}; {}", found.join("; ")),
    }
}

/// What to say of one endpoint; nothing where nobody is, or where it may well be etcd.
async fn look(config: &Config, url: &str) -> Option<String> {
    let patience = config.dial_timeout.min(PATIENCE);
    let uri: Uri = url.parse().ok()?;
    let secure = uri.scheme_str() == Some("https");
    let tls = config.tls.as_ref().filter(|_| secure);
    let shaken = match tls {
        Some(tls) => tokio::time::timeout(patience, tls.connect(&uri)).await.ok().and_then(Result::ok),
        None => None,
    };
    let (heard, encrypted) = match shaken {
        Some(stream) => (heard(stream, patience).await, true),
        None => (heard(plain(&uri, patience).await?, patience).await, false),
    };
    Some(format!("at {url} {}", found(&heard, secure, encrypted)?))
}

async fn plain(uri: &Uri, patience: Duration) -> Option<TcpStream> {
    let host = uri.host()?.trim_matches(['[', ']']);
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let connecting = TcpStream::connect((host, uri.port_u16().unwrap_or(default)));
    tokio::time::timeout(patience, connecting).await.ok()?.ok()
}

/// Greets, and listens until what is said tells enough.
async fn heard(mut stream: impl AsyncRead + AsyncWrite + Unpin, patience: Duration) -> Heard {
    let mut said = Vec::with_capacity(ENOUGH);
    let listening = async {
        // Who does not take it may have said something all the same.
        let _ = stream.write_all(GREETING).await;
        let _ = stream.flush().await;
        while !is_enough(&said) {
            match stream.read_buf(&mut said).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    };
    let ended = tokio::time::timeout(patience, listening).await;
    match (said.is_empty(), ended) {
        (true, Ok(())) => Heard::Closed,
        (true, Err(_)) => Heard::Nothing,
        (false, _) => understood(&said),
    }
}

fn is_enough(said: &[u8]) -> bool {
    said.len() >= ENOUGH || said.contains(&b'\n') || matches!(understood(said), Heard::Http2 | Heard::Tls)
}

/// What the first bytes mean.
fn understood(said: &[u8]) -> Heard {
    // A frame of settings, or of farewell, that belongs to no stream.
    if let [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..] = said {
        return Heard::Http2;
    }
    // A record of the handshake, or an alert.
    if let [0x15 | 0x16, 3, ..] = said {
        return Heard::Tls;
    }
    let line = said.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let words = line[..line.len().min(ENOUGH)].escape_ascii().to_string();
    if words.starts_with("HTTP/1.") { Heard::Http1(words) } else { Heard::Words(words) }
}

/// What to say of who is there, and what to write instead. Who speaks as the endpoint says may be etcd, and then the error of
/// the call tells more.
fn found(heard: &Heard, secure: bool, encrypted: bool) -> Option<String> {
    let without = if secure && !encrypted { " without TLS" } else { "" };
    let stranger = |what: &str, said: &str| {
        format!("{what}{without} answers ({said}), and no etcd; name etcd's own port for clients")
    };
    Some(match heard {
        Heard::Http2 if secure == encrypted => return None,
        Heard::Http2 => "a server of HTTP/2 without TLS answers; if it is etcd, write http://".to_owned(),
        Heard::Tls if secure => return None,
        Heard::Tls => {
            "a server of TLS answers; if it is etcd, write https://, and name its authority".to_owned()
        }
        Heard::Http1(line) => stranger("a server of HTTP/1.1", line),
        Heard::Words(words) if words.starts_with("SSH-") => stranger("an SSH server", words),
        Heard::Words(words) => stranger("something else", words),
        Heard::Closed => {
            "connections are taken and closed without a word; is that etcd's port for clients?".to_owned()
        }
        Heard::Nothing => {
            "connections are taken, and nobody says a word; is that etcd, and is it well?".to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_who_it_is() {
        for (said, expected) in [
            (&b"\0\0\x12\x04\0\0\0\0\0\0\x03"[..], Heard::Http2),
            (b"\0\0\x08\x07\0\0\0\0\0", Heard::Http2),
            (b"\x15\x03\x01\0\x02\x02\x46", Heard::Tls),
            (b"\x16\x03\x03\0\x7a", Heard::Tls),
            (b"HTTP/1.1 400 Bad Request\r\nx: y", Heard::Http1("HTTP/1.1 400 Bad Request".into())),
            (b"HTTP/1.0 505 \n", Heard::Http1("HTTP/1.0 505 ".into())),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Heard::Words("SSH-2.0-OpenSSH_9.2".into())),
            (b"J\0\0\0\n8.0.3\xff", Heard::Words("J\\x00\\x00\\x00".into())),
        ] {
            assert_eq!(understood(said), expected);
        }
        let long = [b'x'; 4 * ENOUGH];
        assert!(
            is_enough(&long) && matches!(understood(&long), Heard::Words(words) if words.len() == ENOUGH)
        );
    }

    #[test]
    fn who_speaks_as_the_endpoint_says_may_be_etcd() {
        for (heard, secure, encrypted, says) in [
            (Heard::Http2, false, false, None),
            (Heard::Http2, true, true, None),
            (Heard::Tls, true, false, None),
            (Heard::Http2, true, false, Some("write http://")),
            (Heard::Tls, false, false, Some("write https://")),
            (
                Heard::Http1("HTTP/1.1 404".into()),
                true,
                false,
                Some("HTTP/1.1 without TLS answers (HTTP/1.1 404), and no etcd"),
            ),
            (Heard::Http1("HTTP/1.1 404".into()), true, true, Some("HTTP/1.1 answers (HTTP/1.1 404)")),
            (Heard::Closed, false, false, Some("closed without a word")),
            (Heard::Nothing, true, false, Some("nobody says a word")),
        ] {
            let said = found(&heard, secure, encrypted);
            match says {
                None => assert_eq!(said, None),
                Some(says) => assert!(said.as_ref().is_some_and(|said| said.contains(says)), "{said:?}"),
            }
        }
    }
}
