//! How messages stand in an event file (TFRecord): length, its checksum, the message, its checksum.

use crc32c::crc32c;

/// Appends a record.
pub fn append(file: &mut Vec<u8>, message: &[u8]) {
    let length = (message.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(crc32c(&length)).to_le_bytes());
    file.extend(message);
    file.extend(masked(crc32c(message)).to_le_bytes());
}

/// Checksums are stored so that the checksum of what holds them is no simple number.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_framed_as_tensorflow_does() {
        // crc32c of "123456789" is 0xe3069283 (RFC 3720, appendix B.4 has the polynomial; this is its usual check value).
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        let mut file = Vec::new();
        append(&mut file, b"abc");
        assert_eq!(file.len(), 8 + 4 + 3 + 4);
        assert_eq!(file[..8], 3u64.to_le_bytes());
        assert_eq!(file[12..15], *b"abc");
        assert_eq!(masked(0), 0xa282_ead8);
        assert_eq!(masked(1), 0x0002_0000u32.wrapping_add(0xa282_ead8));
    }
}
