//! Large texts packed as gzip: by all threads, in members that any reader of gzip takes for one text, and unpacked by a
//! thread of its own, ahead of whoever reads.

use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes of text that are packed as one: the same text is always packed to the same bytes.
const MEMBER: usize = 1 << 20;
/// Members that are packed side by side, and pieces unpacked ahead.
const SIDE_BY_SIDE: usize = 8;

/// Packs what is written to it into a file. Nothing is there before [`Packing::finish`].
pub struct Packing<'a> {
    file: &'a mut File,
    text: Vec<u8>,
    /// Threads of its own: those of all wait for the disk while embeddings are written.
    threads: Option<ThreadPool>,
}

impl<'a> Packing<'a> {
    pub fn new(file: &'a mut File) -> Self {
        Self { file, text: Vec::new(), threads: None }
    }

    /// Packs what is left.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(mut self) -> io::Result<()> {
        self.pack()
    }

    fn pack(&mut self) -> io::Result<()> {
        let member = |text: &[u8]| {
            let mut packed = GzEncoder::new(Vec::with_capacity(text.len() / 2), Compression::fast());
            packed.write_all(text)?;
            packed.finish()
        };
        let members = if self.text.len() <= MEMBER {
            vec![member(&self.text)?]
        } else {
            let threads = match self.threads.take() {
                Some(threads) => threads,
                None => ThreadPoolBuilder::new()
                    .num_threads(rayon::current_num_threads())
                    .build()
                    .map_err(io::Error::other)?,
            };
            let text = &self.text;
            let members = threads.install(|| text.par_chunks(MEMBER).map(member).collect::<io::Result<Vec<_>>>())?;
            self.threads = Some(threads);
            members
        };
        self.text.clear();
        members.iter().try_for_each(|member| self.file.write_all(member))
    }
}

impl Write for Packing<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let taken = text.len().min(SIDE_BY_SIDE * MEMBER - self.text.len());
        self.text.extend_from_slice(&text[..taken]);
        if self.text.len() == SIDE_BY_SIDE * MEMBER {
            self.pack()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hands the text of a packed file to a reader, piece by piece.
pub fn unpacked<T>(file: File, read: impl FnOnce(Ahead) -> T) -> T {
    std::thread::scope(|scope| {
        let (sender, pieces) = sync_channel(SIDE_BY_SIDE);
        scope.spawn(move || {
            let mut text = MultiGzDecoder::new(BufReader::new(file));
            loop {
                let mut piece = Vec::with_capacity(MEMBER);
                let done = text.by_ref().take(MEMBER as u64).read_to_end(&mut piece);
                let goes_on = done.as_ref().is_ok_and(|count| *count > 0);
                // Who reads may have seen enough.
                if sender.send(done.map(|_| piece)).is_err() || !goes_on {
                    return;
                }
            }
        });
        read(Ahead { pieces, piece: Vec::new(), at: 0 })
    })
}

/// Text on its way from the thread that unpacks it.
pub struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            // Nothing follows a thread that is done.
            self.piece = self.pieces.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            self.at = 0;
        }
        let count = out.len().min(self.piece.len() - self.at);
        out[..count].copy_from_slice(&self.piece[self.at..][..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_comes_back_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.gz");
        for length in [1, MEMBER - 1, MEMBER, 3 * MEMBER + 7, SIDE_BY_SIDE * MEMBER, 9 * MEMBER + 1] {
            let text: Vec<u8> = (0..length).map(|at| (at * at % 251) as u8).collect();
            let mut file = File::create(&path).unwrap();
            let mut packing = Packing::new(&mut file);
            packing.write_all(&text).unwrap();
            packing.finish().unwrap();
            let read = || {
                unpacked(File::open(&path).unwrap(), |mut ahead| {
                    let mut read = Vec::new();
                    ahead.read_to_end(&mut read).map(|_| read)
                })
            };
            assert!(read().unwrap() == text, "{length}");
            // Whoever stops early stops the thread as well.
            unpacked(File::open(&path).unwrap(), drop);
            let mut bytes = std::fs::read(&path).unwrap();
            let at = bytes.len() - 6;
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            assert!(read().is_err());
        }
    }
}
