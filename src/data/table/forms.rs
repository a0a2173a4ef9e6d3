//! Files that are not rows: what each is, and the one line that makes rows of it.

/// What a file is, where it is known by its first bytes to be no table that is read, and what to do about it.
#[must_use]
pub fn other_form(head: &[u8], name: &str) -> Option<String> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let pandas = |what: &str, call: &str| {
        format!(
            "is {what}, which is not read; convert it: python -c \"import pandas as pd; pd.{call}('{name}').to_parquet('{}.parquet')\"",
            stem(name)
        )
    };
    let unpack = |what: &str, tool: &str| {
        format!(
            "is packed with {what}; unpack it on the way: {tool} {name} | llm2loss ingest NAME --manifest /dev/stdin"
        )
    };
    let found = match head {
        _ if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") => archive(head, name),
        _ if starts(b"\xd0\xcf\x11\xe0") => pandas("an old Excel workbook", "read_excel"),
        _ if starts(b"ARROW1") || starts(b"FEA1") => pandas("an Arrow (Feather) file", "read_feather"),
        _ if starts(b"\xff\xff\xff\xff") => format!(
            "is an Arrow stream, which is not read; convert it: python -c \"import pyarrow as pa, pyarrow.parquet as pq; pq.write_table(pa.ipc.open_stream('{name}').read_all(), '{}.parquet')\"",
            stem(name)
        ),
        [0x80, 2..=5, ..] => pickle(name),
        _ if starts(b"\x89HDF") => pandas("an HDF5 file", "read_hdf"),
        _ if starts(b"SQLite format 3") => format!(
            "is an SQLite database; write the table you mean: sqlite3 -header -csv {name} \"select * from TABLE\" > {}.csv",
            stem(name)
        ),
        _ if starts(b"Obj\x01") => "is an Avro file, which is not read; write it as Parquet".into(),
        _ if starts(b"ORC") => pandas("an ORC file", "read_orc"),
        _ if starts(b"<stata_dta>") => pandas("a Stata file", "read_stata"),
        _ if starts(b"$FL2") => pandas("an SPSS file", "read_spss"),
        _ if starts(b"\x93NUMPY") => {
            "is a NumPy array, which has no named columns; arrays come with --losses, --scores or --embeddings, beside a manifest"
                .into()
        }
        _ if is_tensors(head) => {
            "is a safetensors file, which has no rows; it comes with --losses, --scores or --embeddings, beside a manifest".into()
        }
        _ if starts(b"\x28\xb5\x2f\xfd") => unpack("zstd", "zstd -dc"),
        _ if starts(b"BZh") => unpack("bzip2", "bzcat"),
        _ if starts(b"\xfd7zXZ\x00") => unpack("xz", "xzcat"),
        _ if starts(b"\x04\x22\x4d\x18") => unpack("lz4", "lz4 -dc"),
        _ if starts(b"7z\xbc\xaf\x27\x1c") => "is a 7-Zip archive; unpack it and give the file in it".into(),
        _ if starts(b"PARE") => "is an encrypted Parquet file; write it without encryption".into(),
        _ if starts(b"%PDF") => "is a PDF; a manifest is CSV, TSV, JSON lines or Parquet".into(),
        _ if starts(b"\xff\xd8\xff") || starts(b"\x89PNG") => {
            "is an image; a manifest lists image files in a column 'image'".into()
        }
        _ if starts(b"version https://git-lfs") => "is a Git LFS pointer, not the file itself; run git lfs pull".into(),
        _ if is_page(head) => {
            "is a web page, most often a log-in or an error saved in place of the file; download it again".into()
        }
        _ if pickle_name(name) && head.contains(&0) => pickle(name),
        _ if head.contains(&0) && !starts(b"PAR1") => {
            "holds bytes that are no text; a manifest is CSV, TSV, JSON lines or Parquet".into()
        }
        _ => return None,
    };
    Some(found)
}

/// The sentence about a FiftyOne export.
#[must_use]
pub fn fiftyone(name: &str) -> String {
    format!(
        "{name} is the sample list of a FiftyOne dataset, which is not read; export it as CSV: python -c \"import fiftyone as fo; d = fo.Dataset.from_dir('.', dataset_type=fo.types.FiftyOneDataset); d.export(labels_path='samples.csv', dataset_type=fo.types.CSVDataset, fields=['id', 'filepath', 'ground_truth.label'], abs_paths=True, export_media=False)\""
    )
}

fn stem(name: &str) -> &str {
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("rows")
}

fn pickle_name(name: &str) -> bool {
    [".pkl", ".pickle", ".pt", ".pth", ".joblib"].iter().any(|ending| name.to_lowercase().ends_with(ending))
}

fn pickle(name: &str) -> String {
    format!(
        "is a pickle, which can run any program and is never read; if you trust it, convert it: python -c \"import pandas as pd; pd.DataFrame(pd.read_pickle('{name}')).to_parquet('{}.parquet')\"",
        stem(name)
    )
}

/// What a zip archive holds, by the names at its beginning.
fn archive(head: &[u8], name: &str) -> String {
    let holds = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
    let lower = name.to_lowercase();
    let sheet = [".xlsx", ".xlsm", ".ods"].iter().any(|ending| lower.ends_with(ending));
    if sheet || holds(b"[Content_Types].xml") || holds(b"xl/workbook") || holds(b"opendocument.spreadsheet") {
        return format!(
            "is a spreadsheet, which is not read; save its sheet as CSV, or: python -c \"import pandas as pd; pd.read_excel('{name}').to_csv('{}.csv', index=False)\"",
            stem(name)
        );
    }
    if lower.ends_with(".eval") || holds(b"_journal/") {
        return format!("is a log of Inspect; take it in with --inspect {name}");
    }
    if holds(b"data.pkl") {
        return "is a file of PyTorch, which is pickle and never read; save arrays as safetensors, rows as Parquet"
            .into();
    }
    if lower.ends_with(".npz") || holds(b".npy") {
        return "is an archive of NumPy arrays, which has no named columns; it comes with --losses, --scores or --embeddings, beside a manifest".into();
    }
    format!("is a zip archive; unpack it (unzip {name}) and give the file in it")
}

/// A length, then JSON: how safetensors begins.
fn is_tensors(head: &[u8]) -> bool {
    let length = head.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    length.is_some_and(|length| (2..100_000_000).contains(&length)) && head.get(8) == Some(&b'{')
}

fn is_page(head: &[u8]) -> bool {
    let start: String = String::from_utf8_lossy(&head[..head.len().min(200)]).trim_start().to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_table_is_called_by_its_name() {
        let said = |head: &[u8], name: &str| other_form(head, name).unwrap_or_default();
        assert!(said(b"PK\x03\x04....[Content_Types].xml", "book").contains("read_excel('book')"));
        assert!(said(b"PK\x03\x04....rows.csv", "rows.zip").contains("unzip rows.zip"));
        assert!(said(b"PK\x03\x04..._journal/start.json", "a.eval").contains("--inspect a.eval"));
        assert!(said(b"ARROW1\0\0", "t.feather").contains("read_feather('t.feather').to_parquet('t.parquet')"));
        assert!(said(&[0x80, 4, 0x95], "d.pkl").contains("never read"));
        assert!(said(b"\x28\xb5\x2f\xfd", "t.csv.zst").contains("zstd -dc t.csv.zst | llm2loss"));
        assert!(said(b"a\0b", "t.csv").contains("no text"));
        assert!(said(b"<!DOCTYPE html><html>", "t.csv").contains("web page"));
        assert_eq!((said(b"id,text\n", "t.csv"), said(b"PAR1\0\0", "t.parquet")), (String::new(), String::new()));
    }
}
