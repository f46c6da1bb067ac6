//! The format of a checkpoint file.
//!
//! ```text
//! magic              8 bytes  SWEEPCKP
//! format version     u32
//! sequence number    u64      counts the pack's checkpoints
//! length of state    u64      bytes
//! number of arrays   u64
//! state              JSON
//! per array: length of name u32, name, number of values u64, values f32
//! checksum           32 bytes blake3 of everything before it
//! ```
//!
//! All numbers are little endian. The magic, the place of the version and the checksum at the end stay in every version,
//! so that a newer file is told from a damaged one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::train::Checkpoint;

use super::StoreError;
use super::durable::write_atomically_with;
use super::error::failed_to;

const MAGIC: &[u8; 8] = b"SWEEPCKP";
const VERSION: u32 = 1;
const CHECKSUM_BYTES: u64 = blake3::OUT_LEN as u64;
const VALUE_BYTES: usize = size_of::<f32>();
/// Values converted at a time.
const CHUNK: usize = 1 << 14;

/// Writes a checkpoint file durably.
pub(super) fn write_checkpoint(path: &Path, sequence: u64, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let state = serde_json::to_vec(&checkpoint.state).map_err(|error| StoreError::io(path, "encode", error.into()))?;
    write_atomically_with(path, |file| {
        let mut out = Hashed::new(&mut *file);
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&sequence.to_le_bytes())?;
        out.write_all(&(state.len() as u64).to_le_bytes())?;
        out.write_all(&(checkpoint.arrays.len() as u64).to_le_bytes())?;
        out.write_all(&state)?;
        for (name, values) in &checkpoint.arrays {
            write_array(&mut out, name, values)?;
        }
        let checksum = out.hasher.finalize();
        file.write_all(checksum.as_bytes())
    })
}

fn write_array(out: &mut impl Write, name: &str, values: &[f32]) -> io::Result<()> {
    let name_length = u32::try_from(name.len()).map_err(|_| io::Error::other("the name of an array is too long"))?;
    out.write_all(&name_length.to_le_bytes())?;
    out.write_all(name.as_bytes())?;
    out.write_all(&(values.len() as u64).to_le_bytes())?;
    let mut bytes = Vec::with_capacity(CHUNK * VALUE_BYTES);
    for chunk in values.chunks(CHUNK) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

/// Reads a checkpoint file with its sequence number; none where there is no file.
///
/// # Errors
/// [`StoreError::Damaged`] when the file is not whole, [`StoreError::Version`] when it is and has another format.
pub(super) fn read_checkpoint(path: &Path) -> Result<Option<(u64, Checkpoint)>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path, "read", error)),
    };
    let length = file.metadata().map_err(failed_to("read", path))?.len();
    let mut input = Input::new(BufReader::with_capacity(1 << 16, file), length);
    match input.checkpoint() {
        Ok(read) => Ok(Some(read)),
        Err(ReadFault::Read(source)) => Err(StoreError::io(path, "read", source)),
        Err(ReadFault::Damaged(reason)) => Err(StoreError::damaged(path, reason)),
        Err(ReadFault::Version(found)) => {
            Err(StoreError::Version { path: path.to_owned(), found: u64::from(found), supported: VERSION })
        }
    }
}

/// The highest sequence number that checkpoint files give themselves, without reading the rest of them; 0 where there
/// are none.
pub(super) fn newest_sequence(paths: &[PathBuf]) -> Result<u64, StoreError> {
    let mut newest = 0;
    for path in paths {
        let mut header = [0; MAGIC.len() + size_of::<u32>() + size_of::<u64>()];
        match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
            Ok(()) => newest = newest.max(u64::from_le_bytes(*header.last_chunk().unwrap_or(&[0; 8]))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {}
            Err(error) => return Err(StoreError::io(path, "read", error)),
        }
    }
    Ok(newest)
}

enum ReadFault {
    Read(io::Error),
    Damaged(&'static str),
    Version(u32),
}

/// Reads and hashes; never reads into the checksum, never allocates more than the file holds.
struct Input<R> {
    file: R,
    hasher: blake3::Hasher,
    /// Bytes before the checksum that were not read yet.
    left: u64,
    whole: bool,
}

impl<R: Read> Input<R> {
    fn new(file: R, length: u64) -> Self {
        Self {
            file,
            hasher: blake3::Hasher::new(),
            left: length.saturating_sub(CHECKSUM_BYTES),
            whole: length >= CHECKSUM_BYTES,
        }
    }

    fn checkpoint(&mut self) -> Result<(u64, Checkpoint), ReadFault> {
        if !self.whole || &self.array::<8>()? != MAGIC {
            return Err(ReadFault::Damaged("it does not begin as a checkpoint does"));
        }
        let version = u32::from_le_bytes(self.array()?);
        if version != VERSION {
            self.verify()?;
            return Err(ReadFault::Version(version));
        }
        let sequence = u64::from_le_bytes(self.array()?);
        let state_bytes = u64::from_le_bytes(self.array()?);
        let array_count = u64::from_le_bytes(self.array()?);
        let state = self.bytes(state_bytes)?;
        let mut arrays = BTreeMap::new();
        for _ in 0..array_count {
            let name_bytes = u64::from(u32::from_le_bytes(self.array()?));
            let name =
                String::from_utf8(self.bytes(name_bytes)?).map_err(|_| ReadFault::Damaged("a name is no text"))?;
            let count = u64::from_le_bytes(self.array()?);
            arrays.insert(name, self.values(count)?);
        }
        if self.left != 0 {
            return Err(ReadFault::Damaged("it is longer than its parts"));
        }
        self.verify()?;
        let state = serde_json::from_slice(&state).map_err(|_| ReadFault::Damaged("its state is no JSON"))?;
        Ok((sequence, Checkpoint { state, arrays }))
    }

    /// Hashes what is left and compares the checksum.
    fn verify(&mut self) -> Result<(), ReadFault> {
        let mut buffer = vec![0; CHUNK];
        while self.left > 0 {
            let length = self.left.min(CHUNK as u64) as usize;
            self.fill(&mut buffer[..length])?;
        }
        let mut stored = [0; blake3::OUT_LEN];
        self.file.read_exact(&mut stored).map_err(ReadFault::Read)?;
        if self.hasher.finalize() != blake3::Hash::from_bytes(stored) {
            return Err(ReadFault::Damaged("its checksum is wrong"));
        }
        Ok(())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), ReadFault> {
        self.left = self.left.checked_sub(buffer.len() as u64).ok_or(ReadFault::Damaged("it is cut off"))?;
        self.file.read_exact(buffer).map_err(ReadFault::Read)?;
        self.hasher.update(buffer);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadFault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, ReadFault> {
        if length > self.left {
            return Err(ReadFault::Damaged("it is cut off"));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn values(&mut self, count: u64) -> Result<Vec<f32>, ReadFault> {
        if count > self.left / VALUE_BYTES as u64 {
            return Err(ReadFault::Damaged("it is cut off"));
        }
        let mut values = Vec::with_capacity(count as usize);
        let mut bytes = vec![0; CHUNK * VALUE_BYTES];
        let mut left = count as usize;
        while left > 0 {
            let bytes = &mut bytes[..left.min(CHUNK) * VALUE_BYTES];
            self.fill(bytes)?;
            let (chunks, _) = bytes.as_chunks::<VALUE_BYTES>();
            values.extend(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)));
            left -= chunks.len();
        }
        Ok(values)
    }
}

/// Hashes what is written through it.
struct Hashed<W> {
    file: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Hashed<W> {
    fn new(file: W) -> Self {
        Self { file, hasher: blake3::Hasher::new() }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
