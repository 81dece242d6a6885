//! PEM text (RFC 7468).

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::Unspecified;

/// DER as PEM text with lines of 64 characters: `label` is for example `CERTIFICATE`.
pub fn encode(label: &str, der: &[u8]) -> String {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut text = String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Every block with this label, in order; text between blocks and blocks with other labels are passed over, as RFC
/// 7468, section 2, allows. Refused: a block without its end, or whose body is not base64.
pub fn decode(label: &str, text: &str) -> Result<Vec<Zeroizing<Vec<u8>>>, Unspecified> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while lines.by_ref().any(|line| line == begin) {
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        loop {
            match lines.next().ok_or(Unspecified)? {
                line if line == end => break,
                line => body.push_str(line),
            }
        }
        blocks.push(Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| Unspecified)?));
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back() {
        for size in [0, 1, 47, 48, 49, 96, 200] {
            let der = vec![0xa5; size];
            let text = encode("CERTIFICATE", &der);
            assert!(text.lines().all(|line| line.len() <= 64) && text.ends_with("-----END CERTIFICATE-----\n"));
            let chain = format!("subject: a\r\n{text}{}", text.replace('\n', "\r\n"));
            assert_eq!(
                decode("CERTIFICATE", &chain).unwrap().iter().map(|b| b.to_vec()).collect::<Vec<_>>(),
                [der.clone(), der]
            );
            assert!(decode("PRIVATE KEY", &text).unwrap().is_empty());
        }
    }

    #[test]
    fn broken_blocks_are_refused() {
        assert!(decode("A", "-----BEGIN A-----\nAAAA\n").is_err());
        assert!(decode("A", "-----BEGIN A-----\nA*AA\n-----END A-----\n").is_err());
        assert!(decode("A", "-----BEGIN A-----\nAAA\n-----END A-----\n").is_err());
    }
}
