//! Finding products by words: an embedded Tantivy index over folded text.
//!
//! The index holds text only. Prices, stock, seasons and stars change by the second and are filtered over the read model
//! (`browse`), so that a sold-out product leaves a filtered search at once and without a commit of the index.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use entity::value::ProductId;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::directory::MmapDirectory;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery, Query, TermQuery,
};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{
    DocId, Index, IndexReader, IndexWriter, ReloadPolicy, Score, SegmentOrdinal, SegmentReader, TantivyDocument, Term,
};
use uuid::Uuid;

use super::shelf::Entry;
use crate::platform::fold::{exact, fold, words};

/// More words than this say nothing more.
const MAX_WORDS: usize = 8;
/// Shorter words have too many neighbours for any typo to be forgiven: only two letters swapped are.
const FUZZY_FROM: usize = 4;
/// Words written together (`matong`) are at least so long, and this many at most.
const JOINED_FROM: usize = 4;
const MOST_JOINED: usize = 4;
/// The smallest arena Tantivy takes; an update is a handful of products.
const WRITER_BYTES: usize = 15_000_000;

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    high: Field,
    low: Field,
    name: Field,
    name_exact: Field,
    name_en: Field,
    /// Neighbouring words of the name without the blank between them.
    joined: Field,
    /// Category, maker and origin: where a product belongs.
    context: Field,
    body: Field,
}

pub struct Search {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    writing: Mutex<()>,
}

/// A product and how well it fits.
pub type Hit = (ProductId, f32);

impl Search {
    /// Opens the index in a folder, or makes an empty one. An index of another shape is thrown away.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let (schema, fields) = schema();
        let open = || Index::open_or_create(MmapDirectory::open(folder)?, schema.clone());
        let index = match open() {
            Ok(index) => index,
            Err(error) => {
                tracing::warn!(%error, "the search index is of another version; making it anew");
                std::fs::remove_dir_all(folder)?;
                std::fs::create_dir_all(folder)?;
                open()?
            }
        };
        // Commits of this process are seen at once (`reload` below); those of `ocop reindex` within moments.
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::OnCommitWithDelay).num_warming_threads(0).try_into()?;
        Ok(Self { index, reader, fields, writing: Mutex::new(()) })
    }

    pub fn document_count(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Changes with every commit that searches see; kept answers remember it.
    pub fn generation(&self) -> u64 {
        self.reader.searcher().generation().generation_id()
    }

    /// When the index last learnt of changes (Unix seconds), as told at that commit.
    pub fn up_to(&self) -> Option<i64> {
        self.index.load_metas().ok()?.payload?.parse().ok()
    }

    fn writer(&self) -> tantivy::Result<IndexWriter> {
        self.index.writer_with_num_threads(1, WRITER_BYTES)
    }

    /// Replaces the documents of products; those without an entry are taken out.
    pub fn update(&self, named: &[ProductId], documents: &[Document<'_>], as_of: i64) -> tantivy::Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = self.writer()?;
        for id in named {
            writer.delete_term(Term::from_field_text(self.fields.id, &id.0.simple().to_string()));
        }
        for document in documents {
            writer.add_document(self.document(document))?;
        }
        self.finish(writer, as_of)
    }

    /// Makes the index anew; searches see the old one until the end. `next` gives documents until it has none.
    pub fn rebuild(
        &self,
        mut next: impl FnMut(&mut dyn FnMut(&Document<'_>)) -> bool,
        as_of: i64,
    ) -> tantivy::Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = self.index.writer_with_num_threads(1, 4 * WRITER_BYTES)?;
        writer.delete_all_documents()?;
        let mut failed = None;
        while next(&mut |document| {
            if let Err(error) = writer.add_document(self.document(document)) {
                failed = Some(error);
            }
        }) {}
        match failed {
            Some(error) => Err(error),
            None => self.finish(writer, as_of),
        }
    }

    fn finish(&self, mut writer: IndexWriter, as_of: i64) -> tantivy::Result<()> {
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&as_of.to_string());
        commit.commit()?;
        writer.wait_merging_threads()?;
        self.reader.reload()
    }

    fn document(&self, source: &Document<'_>) -> TantivyDocument {
        let (fields, card) = (&self.fields, &source.entry.card);
        let (high, low) = card.id.0.as_u64_pair();
        let mut document = TantivyDocument::default();
        document.add_text(fields.id, card.id.0.simple().to_string());
        document.add_u64(fields.high, high);
        document.add_u64(fields.low, low);
        document.add_text(fields.name, fold(&card.name.vi));
        document.add_text(fields.name_exact, exact(&card.name.vi));
        document.add_text(fields.name_en, fold(&card.name.en));
        document.add_text(fields.joined, joined(&fold(&card.name.vi)));
        let (category, maker, origin) = (&card.category.name, &card.cooperative.name, &card.origin);
        let former = origin.former_commune.as_deref().unwrap_or_default();
        let context = format!(
            "{} . {} . {} . {} . {former} . {}",
            category.vi, category.en, maker.vi, origin.commune_name, origin.province_name
        );
        document.add_text(fields.context, fold(&context));
        let summary = &card.summary;
        document.add_text(
            fields.body,
            fold(&format!("{} {} {} {}", summary.vi, summary.en, source.story_vi, source.story_en)),
        );
        document
    }

    /// Products that fit the words typed, with their scores, in no order. All words must fit.
    pub fn hits(&self, typed: &str) -> tantivy::Result<Vec<Hit>> {
        let searcher = self.reader.searcher();
        let hits = searcher.search(self.query(typed, false).as_ref(), &AllHits)?;
        // Typos are forgiven where nothing fits as typed: building the automata costs more than the search itself.
        if hits.is_empty() { searcher.search(self.query(typed, true).as_ref(), &AllHits) } else { Ok(hits) }
    }

    fn query(&self, typed: &str, forgiving: bool) -> Box<dyn Query> {
        let mut must: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        // Text between quotes is a phrase; an unpaired quote is just a mark.
        let parts: Vec<&str> = typed.split('"').collect();
        let mut loose = String::new();
        for (index, part) in parts.iter().enumerate() {
            let folded = fold(part);
            if index % 2 == 1 && index + 1 < parts.len() {
                let phrase: Vec<&str> = words(&folded).take(MAX_WORDS).collect();
                if let Some(query) = self.phrase(&phrase, forgiving) {
                    must.push((Occur::Must, query));
                }
            } else {
                loose.push_str(&folded);
                loose.push(' ');
            }
        }
        let unfinished = typed.chars().last().is_some_and(char::is_alphanumeric);
        let loose: Vec<&str> = words(&loose).take(MAX_WORDS).collect();
        for (index, word) in loose.iter().enumerate() {
            must.push((Occur::Must, self.word(word, unfinished && index + 1 == loose.len(), forgiving)));
        }
        // Signs and pictures (`🍊`, `(`) name nothing.
        if must.is_empty() {
            return Box::new(EmptyQuery);
        }
        if loose.len() > 1 {
            let terms = loose.iter().map(|word| Term::from_field_text(self.fields.name, word)).collect();
            must.push((Occur::Should, Box::new(BoostQuery::new(Box::new(PhraseQuery::new(terms)), 3.0))));
        }
        // Who types accents means them: *bưởi* before *buổi*.
        for word in words(&exact(typed)).filter(|word| !word.is_ascii()).take(MAX_WORDS) {
            must.push((Occur::Should, self.term(self.fields.name_exact, word, 2.0)));
        }
        Box::new(BooleanQuery::new(must))
    }

    /// One word, wherever it stands; in names it weighs most.
    fn word(&self, word: &str, unfinished: bool, forgiving: bool) -> Box<dyn Query> {
        let f = &self.fields;
        let weights = [(f.name, 4.0), (f.name_en, 2.0), (f.context, 1.6), (f.body, 0.6)];
        let mut any: Vec<Box<dyn Query>> =
            weights.iter().map(|&(field, weight)| self.term(field, word, weight)).collect();
        let length = word.chars().count();
        let mut near = vec![(f.name, 0.9), (f.name_en, 0.5), (f.context, 0.4)];
        if length >= JOINED_FROM {
            any.push(self.term(f.joined, word, 3.0));
            near.push((f.joined, 0.6));
        }
        for (field, weight) in near {
            let term = Term::from_field_text(field, word);
            if unfinished && length >= 2 {
                let prefix = FuzzyTermQuery::new_prefix(term.clone(), 0, true);
                any.push(Box::new(BoostQuery::new(Box::new(prefix), weight)));
            }
            if forgiving && length >= FUZZY_FROM {
                any.push(Box::new(BoostQuery::new(Box::new(FuzzyTermQuery::new(term, 1, true)), weight / 3.0)));
            }
            if forgiving && length < FUZZY_FROM {
                any.extend(swapped(word).iter().map(|swapped| self.term(field, swapped, weight / 3.0)));
            }
        }
        Box::new(DisjunctionMaxQuery::with_tie_breaker(any, 0.1))
    }

    #[allow(clippy::unused_self, reason = "stands beside its siblings")]
    fn term(&self, field: Field, word: &str, weight: Score) -> Box<dyn Query> {
        let term = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
        Box::new(BoostQuery::new(Box::new(term), weight))
    }

    fn phrase(&self, phrase: &[&str], forgiving: bool) -> Option<Box<dyn Query>> {
        let f = &self.fields;
        match phrase {
            [] => None,
            [word] => Some(self.word(word, false, forgiving)),
            _ => {
                let fields = [(f.name, 4.0), (f.name_en, 2.0), (f.context, 1.6), (f.body, 1.0)];
                let any = fields.iter().map(|&(field, weight)| {
                    let terms = phrase.iter().map(|word| Term::from_field_text(field, word)).collect();
                    Box::new(BoostQuery::new(Box::new(PhraseQuery::new(terms)), weight)) as Box<dyn Query>
                });
                Some(Box::new(DisjunctionMaxQuery::new(any.collect())))
            }
        }
    }
}

/// A word with two neighbouring letters swapped, in every way.
fn swapped(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let swap = |at: usize| {
        let mut letters = letters.clone();
        letters.swap(at, at + 1);
        letters.into_iter().collect::<String>()
    };
    (0..letters.len().saturating_sub(1)).map(swap).filter(|other| other != word).collect()
}

/// `mat ong rung` → `matong matongrung ongrung`: who types on a phone leaves blanks out.
fn joined(folded: &str) -> String {
    let all: Vec<&str> = words(folded).take(2 * MAX_WORDS).collect();
    let runs = (0..all.len()).flat_map(|start| {
        let all = &all;
        (2..=MOST_JOINED).filter_map(move |length| all.get(start..start + length)).map(<[&str]>::concat)
    });
    runs.collect::<Vec<_>>().join(" ")
}

/// What the index reads of a product.
pub struct Document<'a> {
    pub entry: &'a Entry,
    pub story_vi: &'a str,
    pub story_en: &'a str,
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("default")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing);
    let plain = TextFieldIndexing::default().set_tokenizer("default").set_index_option(IndexRecordOption::WithFreqs);
    let plain = TextOptions::default().set_indexing_options(plain);
    let fields = Fields {
        id: builder.add_text_field("id", STRING),
        high: builder.add_u64_field("high", FAST | INDEXED),
        low: builder.add_u64_field("low", FAST),
        name: builder.add_text_field("name", text.clone()),
        name_exact: builder.add_text_field("name_exact", text.clone()),
        name_en: builder.add_text_field("name_en", text.clone()),
        joined: builder.add_text_field("joined", plain),
        context: builder.add_text_field("context", text.clone()),
        body: builder.add_text_field("body", text),
    };
    (builder.build(), fields)
}

/// Collects every hit: filters and order are applied outside.
struct AllHits;

struct SegmentHits {
    high: Column<u64>,
    low: Column<u64>,
    hits: Vec<Hit>,
}

impl Collector for AllHits {
    type Fruit = Vec<Hit>;
    type Child = SegmentHits;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentHits> {
        let fields = segment.fast_fields();
        Ok(SegmentHits { high: fields.u64("high")?, low: fields.u64("low")?, hits: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Vec<Hit>>) -> tantivy::Result<Vec<Hit>> {
        Ok(segments.into_iter().flatten().collect())
    }
}

impl SegmentCollector for SegmentHits {
    type Fruit = Vec<Hit>;

    fn collect(&mut self, document: DocId, score: Score) {
        if let (Some(high), Some(low)) = (self.high.first(document), self.low.first(document)) {
            self.hits.push((ProductId(Uuid::from_u64_pair(high, low)), score));
        }
    }

    fn harvest(self) -> Vec<Hit> {
        self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_joined_and_letters_swapped() {
        assert_eq!(joined("mat ong rung"), "matong matongrung ongrung");
        assert_eq!(joined("cam"), "");
        assert_eq!(swapped("ogn"), ["gon", "ong"]);
        assert!(swapped("a").is_empty() && swapped("oo").is_empty());
    }
}
