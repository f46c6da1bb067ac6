//! Variations of inputs.

/// Numbers that programs trip over.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e309",
    "-0.0",
    "NaN",
    "0.1",
    "1e-320",
    ".inf",
    "99999999",
    "0x10",
];
const TEXTS: [&str; 12] =
    ["\u{feff}", "\0", "\r", "\r\n", "\n\n", "\u{301}", "\u{202e}", "\"", "'", "\\", "null", "\u{10ffff}"];

pub struct Variation<'a> {
    state: u64,
    words: &'a [&'a str],
}

impl<'a> Variation<'a> {
    pub fn new(seed: u64, words: &'a [&'a str]) -> Self {
        println!("seed {seed}");
        Variation { state: seed, words }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// A few changes of `input`, some with parts of `other`.
    pub fn of(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..1 << self.below(4) {
            self.change(&mut bytes, other);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        match self.below(12) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = self.next() as u8,
            2 => drop(bytes.drain(self.part(at, bytes.len()))),
            3 => bytes.truncate(at),
            4 => {
                let part = bytes[self.part(at, bytes.len())].to_vec();
                let times = if self.below(20) == 0 { 1 << self.below(12) } else { 1 };
                self.insert(bytes, &part.repeat(times.min(1 + (1 << 16) / part.len().max(1))));
            }
            5 => {
                let start = self.below(other.len() + 1);
                let part = other[self.part(start, other.len())].to_vec();
                self.insert(bytes, &part);
            }
            6 => self.number(bytes, at),
            7 => {
                let text = self.one_of(&TEXTS);
                self.insert(bytes, text.as_bytes());
            }
            8 => self.binary(bytes, at),
            9 => self.line(bytes),
            _ if !self.words.is_empty() => {
                let word = self.one_of(self.words);
                self.insert(bytes, word.as_bytes());
            }
            _ => self.number(bytes, at),
        }
    }

    /// Mostly short.
    fn part(&mut self, start: usize, end: usize) -> std::ops::Range<usize> {
        let most = 1 << self.below(10);
        start..(start + self.below(most + 1)).min(end)
    }

    fn insert(&mut self, bytes: &mut Vec<u8>, part: &[u8]) {
        let at = self.below(bytes.len() + 1);
        bytes.splice(at..at, part.iter().copied());
    }

    /// Another number in the place of the next one.
    fn number(&mut self, bytes: &mut Vec<u8>, from: usize) {
        let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = self.one_of(&NUMBERS);
        bytes.splice(start..start + length, number.bytes());
    }

    /// A length or an offset as binary formats have them.
    fn binary(&mut self, bytes: &mut [u8], at: usize) {
        let values = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, i64::MAX as u64, u64::MAX, u64::MAX - 7];
        let value = values[self.below(values.len())].to_le_bytes();
        let width = [1, 2, 4, 8][self.below(4)];
        if let Some(place) = bytes.get_mut(at..at + width) {
            place.copy_from_slice(&value[..width]);
        }
    }

    /// Removes a line, or puts it in another place.
    fn line(&mut self, bytes: &mut Vec<u8>) {
        let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if lines.is_empty() {
            return;
        }
        let line = lines.remove(self.below(lines.len()));
        if self.below(2) == 0 {
            lines.insert(self.below(lines.len() + 1), line);
        }
        *bytes = lines.concat();
    }
}
