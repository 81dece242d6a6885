use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;

use super::*;
use crate::pdf::places::Places;

const TABLE: &[u8] = include_bytes!("../../../../tests/fixtures/pdf/table.pdf");
const STREAM: &[u8] = include_bytes!("../../../../tests/fixtures/pdf/stream.pdf");

fn look() -> Look<'static> {
    Look {
        page: 0,
        rectangle: [10, 20, 110, 60],
        reason: "Ausgestellt für (Selam) ሰላም",
        name: "Issuer",
        moment: Timestamp::from_seconds(1_763_800_000),
    }
}

/// Documents of other programs, each with how many pages it has.
fn documents() -> [(&'static [u8], usize); 5] {
    [
        (TABLE, 3),
        (STREAM, 3),
        (include_bytes!("../../../../tests/fixtures/pdf/form.pdf"), 1),
        (include_bytes!("../../../../tests/fixtures/pdf/linear.pdf"), 3),
        (include_bytes!("../../../../tests/fixtures/pdf/updated.pdf"), 2),
    ]
}

/// A document of these objects, numbered from 1, the first of which is the catalogue.
fn document(objects: &[&str]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (at, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).into_bytes());
    }
    let start = bytes.len();
    let size = objects.len() + 1;
    bytes.extend(format!("{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    bytes
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>";

#[test]
fn the_document_stays_and_all_but_the_hole_is_signed() {
    for (pdf, pages) in documents() {
        for page in 0..pages {
            let prepared = prepare(pdf, &Look { page, ..look() }, 300).unwrap();
            let [before, behind] = prepared.signed().map(<[u8]>::to_vec);
            assert!(before.starts_with(pdf), "the document is as it was");
            let signed = prepared.finish(&[0xab; 300]).unwrap();
            let hole = format!("<{}>", "ab".repeat(300));
            assert_eq!(signed, [before.as_slice(), hole.as_bytes(), behind.as_slice()].concat());
            let text = String::from_utf8_lossy(&before).into_owned();
            let ranges = format!("/ByteRange [0 {} {} {}]", before.len(), before.len() + hole.len(), behind.len());
            assert!(text.contains(&ranges), "{ranges}");
        }
        assert_eq!(prepare(pdf, &Look { page: pages, ..look() }, 300), Err(super::PAGE));
    }
}

#[test]
fn what_was_signed_is_signed_again() {
    for (pdf, _) in documents() {
        let once = prepare(pdf, &look(), 100).unwrap().finish(&[1; 100]).unwrap();
        let twice = prepare(&once, &look(), 100).unwrap().finish(&[2; 100]).unwrap();
        assert!(twice.starts_with(&once));
        let mut document = Document::parse(&twice).unwrap();
        let (_, page) = document.page(0).unwrap();
        let entries = dictionary(&page).unwrap();
        let annotations = array(entry(&entries, "Annots").unwrap()).unwrap().len();
        let (_, catalog) = document.catalog().unwrap();
        let form = document.meant(entry(&dictionary(&catalog).unwrap(), "AcroForm").unwrap()).unwrap().into_owned();
        let fields = array(entry(&dictionary(&form).unwrap(), "Fields").unwrap()).unwrap().len();
        assert!(annotations >= 2 && fields >= 2, "{annotations} {fields}");
        assert_eq!(annotations, fields);
    }
}

#[test]
fn a_signature_that_is_too_long_is_refused() {
    let prepared = || prepare(TABLE, &look(), 10).unwrap();
    assert!(prepared().finish(&[0; 10]).is_ok());
    assert_eq!(prepared().finish(&[0; 11]), Err(LONG));
}

#[test]
fn the_section_is_of_the_documents_kind() {
    for (pdf, is_stream) in [(TABLE, false), (STREAM, true)] {
        let signed = prepare(pdf, &look(), 10).unwrap().finish(&[]).unwrap();
        let (mut work, mut before) = (usize::MAX, usize::MAX);
        let (old, new) = (Places::read(pdf, &mut before).unwrap(), Places::read(&signed, &mut work).unwrap());
        assert_eq!((old.is_stream, new.is_stream), (is_stream, is_stream));
        assert_eq!(new.objects.len(), old.objects.len() + if is_stream { 4 } else { 3 });
    }
}

#[test]
fn lists_that_stand_elsewhere_are_found() {
    let pdf = document(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>",
        PAGES,
        "<</Type/Page/Parent 2 0 R/Annots 5 0 R>>",
        "<</Fields 5 0 R/DR<<>>>>",
        "[6 0 R]",
        "<<>>",
    ]);
    let signed = prepare(&pdf, &look(), 10).unwrap().finish(&[]).unwrap();
    let mut document = Document::parse(&signed).unwrap();
    assert_eq!(document.object((4, 0)).unwrap(), b"<< /DR <<>> /Fields [6 0 R 8 0 R] /SigFlags 3 >>");
    assert_eq!(document.object((3, 0)).unwrap(), b"<< /Type /Page /Parent 2 0 R /Annots [6 0 R 8 0 R] >>");
    assert_eq!(document.object((5, 0)).unwrap(), b"[6 0 R]");
}

#[test]
fn other_documents_are_refused() {
    let good = document(&[CATALOG, PAGES, PAGE]);
    assert!(prepare(&good, &look(), 10).is_ok());
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        String::from_utf8(good.clone()).unwrap().replace(from, to).into_bytes()
    };
    let bad = [
        Vec::new(),
        b"%PDF-1.7".to_vec(),
        good[1..].to_vec(),
        good[..good.len() - 20].to_vec(),
        replaced("startxref", "startxreg"),
        replaced("/Root", "/Toor"),
        replaced("3 0 obj", "4 0 obj"),
        replaced("[3 0 R]", "[9 0 R]"),
        replaced("<</Size 4/Root 1 0 R>>", "<</Size 4/Root 1 0 R] "),
        include_bytes!("../../../../tests/fixtures/pdf/encrypted.pdf").to_vec(),
    ];
    for (at, pdf) in bad.iter().enumerate() {
        assert!(prepare(pdf, &look(), 10).is_err(), "{at}");
    }
    for end in 0..TABLE.len() - 30 {
        assert!(prepare(&TABLE[..end], &look(), 10).is_err(), "cut at {end}");
    }
}

/// Little that would cause much: each is refused within a moment.
#[test]
fn bombs_are_refused() {
    // A tree of pages whose branches lead back to it.
    let circle = document(&[CATALOG, "<</Kids[2 0 R 2 0 R 2 0 R 2 0 R]>>", PAGE]);
    assert!(prepare(&circle, &look(), 10).is_err());
    // One long object, named again and again.
    let long = format!("<</A({})>>", "x".repeat(1_000_000));
    let kids = format!("<</Kids[{}]>>", "3 0 R ".repeat(100_000));
    assert!(prepare(&document(&[CATALOG, &kids, &long]), &Look { page: 99_999, ..look() }, 10).is_err());
    // An older section that is the newest; one that announces more than there is.
    let text = String::from_utf8(document(&[CATALOG, PAGES, PAGE])).unwrap();
    let start = text.rfind("\nxref").unwrap() + 1;
    let again = text.replace("/Root 1 0 R", &format!("/Root 1 0 R/Prev {start}"));
    assert!(prepare(again.as_bytes(), &look(), 10).is_err());
    assert!(prepare(text.replace("0 4\n", "0 4000000000\n").as_bytes(), &look(), 10).is_err());
    // Nesting.
    let deep = format!("<</Type/Page/A {}{}>>", "[".repeat(100_000), "]".repeat(100_000));
    assert!(prepare(&document(&[CATALOG, PAGES, &deep]), &look(), 10).is_err());
    // A cross-reference stream of 80 KB that would become 80 MB.
    let bomb = compress_to_vec_zlib(&vec![0; 80 << 20], 6);
    let mut pdf = b"%PDF-1.7\n1 0 obj\n".to_vec();
    let entries = format!("<</Type/XRef/Size 9/W[1 8 2]/Root 1 0 R/Filter/FlateDecode/Length {}>>", bomb.len());
    pdf.extend([entries.as_bytes(), b"\nstream\n", &bomb, b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"].concat());
    assert!(prepare(&pdf, &look(), 10).is_err());
}

/// The fixture has object streams: the reader does not only pass over them.
#[test]
fn objects_in_streams_are_read() {
    let mut document = Document::parse(STREAM).unwrap();
    let inner =
        document.places.objects.values().filter(|place| matches!(place, crate::pdf::places::Place::In(..))).count();
    assert!(inner > 3, "{inner}");
    let (_, page) = document.page(2).unwrap();
    assert!(String::from_utf8(page).unwrap().contains("/Page"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever happens to a document, it is refused or signed, and what is signed begins with it.
    #[test]
    fn never_panics(which in 0..5_usize, at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 1..4)) {
        let (pdf, _) = documents()[which];
        let mut changed = pdf.to_vec();
        let at = at.index(changed.len() - 4);
        changed[at..at + bytes.len()].copy_from_slice(&bytes);
        if let Ok(prepared) = prepare(&changed, &look(), 10) {
            prop_assert!(prepared.finish(&[]).unwrap().starts_with(&changed));
        }
    }
}
