//! What the pages of a Parquet file claim of themselves, looked at before a decoder takes memory for it.
//!
//! A page's header says how many values it has; the decoder makes room for as many, whatever the page holds. Only the
//! numbers needed are read here, in Thrift's compact form. All pages of a file count together: many small ones take
//! as long as one that is large.

use std::io::{Read, Seek, SeekFrom};

/// Bytes of a header that are read at first, and at most: it may hold the least and the largest value.
const USUAL_HEADER: usize = 1 << 10;
const LONGEST_HEADER: usize = 1 << 20;
/// Structures within structures: a header has two.
const DEEPEST: usize = 16;

/// What the pages of a file claim so far, of how much may be looked at and unpacked.
pub struct Claims {
    /// Bytes of column chunks that are still to come: they do not lie upon each other.
    chunks: u64,
    most: u64,
    bytes: u64,
    values: u64,
}

impl Claims {
    /// Of a file of so many bytes, whose pages may unpack to `most` bytes and values.
    pub fn new(length: u64, most: u64) -> Self {
        Self { chunks: length, most, bytes: 0, values: 0 }
    }

    /// Adds the pages of a column chunk, the bytes from `start` to `end`.
    ///
    /// # Errors
    /// What is claimed, where it is too much; a dictionary of more values than it has bytes; a header that is none.
    pub fn add(&mut self, file: &mut (impl Read + Seek), start: u64, end: u64) -> Result<(), String> {
        let chunk = end.saturating_sub(start);
        self.chunks = self.chunks.checked_sub(chunk).ok_or("its columns lie upon each other; the file is damaged")?;
        let mut at = start;
        while at < end {
            // What is cut off is the decoder's to complain about.
            let Some(page) = read_header(file, at, end)? else { return Ok(()) };
            let dictionary = page.number(1 + DICTIONARY);
            let bytes = page.number(2);
            if dictionary > bytes {
                return Err(format!("a dictionary claims {dictionary} values in {bytes} bytes; the file is damaged"));
            }
            self.bytes = self.bytes.saturating_add(bytes);
            self.values = self.values.saturating_add(page.number(1 + DATA).max(page.number(1 + DATA_V2)));
            if self.bytes > self.most || self.values > self.most {
                return Err(format!(
                    "the pages up to here claim {} bytes with {} values; at most {} are taken",
                    self.bytes, self.values, self.most
                ));
            }
            at = at.saturating_add(page.length as u64).saturating_add(page.number(3));
        }
        Ok(())
    }
}

/// Numbers of the structures within a header are kept under their own number and that of the structure.
const DATA: usize = 5 << 8;
const DICTIONARY: usize = 7 << 8;
const DATA_V2: usize = 8 << 8;

/// The whole numbers of a header by field, and its length in bytes.
struct Header {
    numbers: Vec<(usize, u64)>,
    length: usize,
}

impl Header {
    /// A field's number; 0 where it has none, or one below.
    fn number(&self, field: usize) -> u64 {
        self.numbers.iter().find(|(known, _)| *known == field).map_or(0, |(_, value)| *value)
    }
}

/// The header at a place; none where the bytes end within it.
fn read_header(file: &mut (impl Read + Seek), at: u64, end: u64) -> Result<Option<Header>, String> {
    let mut bytes = Vec::with_capacity(USUAL_HEADER);
    for room in [USUAL_HEADER, LONGEST_HEADER] {
        bytes.clear();
        file.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        file.take((end - at).min(room as u64)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let mut compact = Compact { bytes: &bytes, at: 0, short: false, numbers: Vec::new() };
        let read = compact.structure(0, 0).is_some();
        let header = Header { length: compact.at, numbers: compact.numbers };
        // Kind and both lengths are in every header.
        if read && [1, 2, 3].iter().all(|field| header.numbers.iter().any(|(known, _)| known == field)) {
            return Ok(Some(header));
        }
        if !compact.short {
            return Err("the header of a page cannot be read; the file is damaged".into());
        }
        if bytes.len() < room {
            return Ok(None);
        }
    }
    Err(format!("the header of a page has more than {LONGEST_HEADER} bytes"))
}

/// Thrift's compact form.
struct Compact<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The bytes ended before the structure did.
    short: bool,
    numbers: Vec<(usize, u64)>,
}

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let Some(byte) = self.bytes.get(self.at) else {
            self.short = true;
            return None;
        };
        self.at += 1;
        Some(*byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        let Some(at) = self.at.checked_add(count).filter(|at| *at <= self.bytes.len()) else {
            self.short = true;
            return None;
        };
        self.at = at;
        Some(())
    }

    /// Fields up to the stop; those of structures in the header count from `above`.
    fn structure(&mut self, above: usize, depth: usize) -> Option<()> {
        let mut field = 0usize;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            field = match head >> 4 {
                0 => usize::try_from(self.zigzag()?).ok()?,
                step => field + usize::from(step),
            };
            if let Some(value) = self.value(head & 15, field, depth)?
                && depth < 2
            {
                self.numbers.push((above + field, u64::try_from(value).unwrap_or(0)));
            }
        }
    }

    /// Passes over a value; the number where it is one.
    fn value(&mut self, kind: u8, field: usize, depth: usize) -> Option<Option<i64>> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            // True and false are in the head.
            1 | 2 => {}
            3 => self.skip(1)?,
            4..=6 => return self.zigzag().map(Some),
            7 => self.skip(8)?,
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.skip(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                for _ in 0..count {
                    // A truth in a list is a byte of its own.
                    let kind = if matches!(head & 15, 1 | 2) { 3 } else { head & 15 };
                    self.value(kind, 0, depth + 1)?;
                }
            }
            12 => self.structure(if depth == 0 { field << 8 } else { usize::MAX >> 1 }, depth + 1)?,
            _ => return None,
        }
        Some(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Type 2, 282 bytes, 181 packed, and a dictionary of so many values.
    fn dictionary(values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x15, 4, 0x15, 0xb4, 4, 0x15, 0xea, 2, 0x4c, 0x15];
        bytes.extend_from_slice(values);
        bytes.extend([0x15, 0, 0x12, 0, 0]);
        let length = bytes.len();
        bytes.resize(length + 181, 7);
        bytes
    }

    #[test]
    fn a_page_claims_no_more_than_it_can_hold() {
        let check = |bytes: &[u8], most| {
            let length = bytes.len() as u64;
            Claims::new(length, most).add(&mut Cursor::new(bytes), 0, length)
        };
        let two = [dictionary(&[80]), dictionary(&[80])].concat();
        assert_eq!(check(&two, 1000), Ok(()));
        let error = check(&[dictionary(&[80]), dictionary(&[0xe2, 0x80, 0xae, 0x50])].concat(), 1000).unwrap_err();
        assert!(error.contains("claims 84262961 values in 282 bytes"), "{error}");
        assert!(check(&two, 100).unwrap_err().contains("claim 282 bytes"));
        assert!(check(&two, 500).unwrap_err().contains("claim 564 bytes"), "together");
        for cut in 0..two.len() {
            assert_eq!(check(&two[..cut], 1000), Ok(()));
        }
        for none in [[0x1c; 4096], [0; 4096]] {
            assert!(check(&none, 1000).unwrap_err().contains("cannot be read"), "structures without end, or empty");
        }
        let text = [&[0x15, 4, 0x15, 4, 0x15, 4, 0x18, 0xff, 0xff, 0x7f][..], &[b'x'; 1 << 21]].concat();
        assert!(check(&text, 1000).unwrap_err().contains("more than 1048576 bytes"));
    }

    #[test]
    fn columns_do_not_lie_upon_each_other() {
        let page = dictionary(&[80]);
        let (mut file, length) = (Cursor::new(page.as_slice()), page.len() as u64);
        let mut claims = Claims::new(length, 1000);
        assert_eq!(claims.add(&mut file, 0, length), Ok(()));
        assert!(claims.add(&mut file, 0, length).unwrap_err().contains("upon each other"));
    }
}
