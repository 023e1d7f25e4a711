//! The offers file: `[[offer]]` tables, read to drafts that remember their lines.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use model::{FenceFacts, FenceId, IdFlaw, MerchantId, Millis, OfferId, TransitionKind};
use offers::{Catalogue, CatalogueFlaw, Draft};

use crate::Problem;
use crate::nearest::nearest;
use crate::section::{Section, Spanned};
use crate::sheet::Sheet;
use crate::source::Source;

/// Most offers of one file; a catalogue of one merchant has dozens.
const N_OFFERS_MAX: usize = 10_000;

/// Largest template in bytes: rendered it may be no longer than 240 characters.
const TEMPLATE_LEN_MAX: usize = 4 << 10;

/// An offers file that could be read; [`OffersFile::catalogue`] then judges its texts.
pub struct OffersFile {
    source: Source,
    offers: Vec<Written>,
}

/// An offer and where its parts were written.
struct Written {
    draft: Draft,
    places: HashMap<&'static str, Range<usize>>,
    fences: Vec<Range<usize>>,
    tags: Vec<Range<usize>>,
}

impl OffersFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with its form; its texts and fences are judged later.
    pub fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        Self::read(Source::open(file)?)
    }

    /// The same for a text under a file's name.
    ///
    /// # Errors
    /// As [`OffersFile::load`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        Self::read(Source::new(file, text.to_owned()))
    }

    fn read(source: Source) -> Result<Self, Vec<Problem>> {
        let (document, wrong) = source.parse();
        let sheet = Sheet::new(&source, wrong);
        let mut offers = Vec::new();
        if let Some(document) = &document {
            let root = sheet.root(document);
            let tables = root.sections("offer");
            if let Some(table) = tables.get(N_OFFERS_MAX) {
                root.wrong(
                    "offer",
                    table.bytes(),
                    format!("is one more than the {N_OFFERS_MAX} allowed"),
                    None,
                );
            }
            offers = tables.iter().take(N_OFFERS_MAX).filter_map(read_offer).collect();
        }
        let mut problems = sheet.finish();
        // A reader who fixes the form wants to hear of the texts in the same run.
        if let (true, Err(flaws)) = (document.is_some(), Catalogue::new(drafts(&offers))) {
            problems.extend(flaws.iter().map(|flaw| problem_of(&source, &offers, flaw)));
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.bytes.start));
        }
        if problems.is_empty() { Ok(Self { source, offers }) } else { Err(problems) }
    }

    /// How many offers it holds.
    #[must_use]
    pub fn n_offers(&self) -> usize {
        self.offers.len()
    }

    /// The drafts, in the order of the file.
    #[must_use]
    pub fn drafts(&self) -> Vec<Draft> {
        drafts(&self.offers)
    }

    /// The offers with their templates compiled.
    ///
    /// # Panics
    /// Never: the file was refused if its texts were.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.drafts()).expect("an offers file that was read has only offers whose texts pass")
    }

    /// Whether [`OffersFile::check_fences`] would find nothing, told without a list of all fences.
    ///
    /// `fence_of` finds a fence by its id; `fences` are all, and are gone through only as far as
    /// is needed to find the tags that offers name.
    pub fn fit<'a, F>(
        &self,
        fence_of: impl Fn(&FenceId) -> Option<&'a FenceFacts>,
        fences: impl Fn() -> F,
    ) -> bool
    where
        F: Iterator<Item = &'a FenceFacts>,
    {
        let is_theirs = |draft: &Draft, fence: &FenceFacts| fence.merchant.as_ref() == Some(&draft.merchant);
        let fits = |draft: &Draft| {
            draft.fences.iter().all(|id| fence_of(id).is_some_and(|fence| is_theirs(draft, fence)))
        };
        let mut missing: HashSet<(&str, &str)> = HashSet::new();
        for draft in self.offers.iter().map(|offer| &offer.draft) {
            missing.extend(draft.tags.iter().map(|tag| (draft.merchant.as_str(), &**tag)));
        }
        for fence in fences() {
            if missing.is_empty() {
                break;
            }
            let Some(merchant) = &fence.merchant else { continue };
            for tag in &fence.tags {
                missing.remove(&(merchant.as_str(), &**tag));
            }
        }
        missing.is_empty() && self.offers.iter().all(|offer| fits(&offer.draft))
    }

    /// What does not fit the fences: ids that no fence has, tags that no fence of the
    /// merchant has, fences of another merchant.
    #[must_use]
    pub fn check_fences(&self, fences: &[FenceFacts]) -> Vec<Problem> {
        let by_id: HashMap<&str, &FenceFacts> =
            fences.iter().map(|fence| (fence.id.as_str(), fence)).collect();
        let mut tags: HashMap<&str, HashSet<&str>> = HashMap::new();
        for fence in fences {
            if let Some(merchant) = &fence.merchant {
                tags.entry(merchant.as_str()).or_default().extend(fence.tags.iter().map(|tag| &**tag));
            }
        }
        let mut problems = Vec::new();
        for offer in &self.offers {
            for (id, bytes) in offer.draft.fences.iter().zip(&offer.fences) {
                problems.extend(self.check_fence(&offer.draft, id, bytes, &by_id));
            }
            let known = tags.get(offer.draft.merchant.as_str());
            for (tag, bytes) in offer.draft.tags.iter().zip(&offer.tags) {
                problems.extend(self.check_tag(&offer.draft, tag, bytes, known));
            }
        }
        problems
    }

    fn check_fence(
        &self,
        draft: &Draft,
        id: &FenceId,
        bytes: &Range<usize>,
        by_id: &HashMap<&str, &FenceFacts>,
    ) -> Option<Problem> {
        let key = format!("offer {}: fences", draft.id.as_str());
        let Some(fence) = by_id.get(id.as_str()) else {
            let reason = format!("names {:?}, and no fence has that id", id.as_str());
            let mut problem = self.source.problem(bytes.clone(), &key, reason);
            let mut ids: Vec<&str> = by_id.keys().copied().collect();
            ids.sort_unstable();
            problem.hint = nearest(id.as_str(), ids).map(|near| format!("did you mean {near:?}?"));
            return Some(problem);
        };
        if fence.merchant.as_ref() == Some(&draft.merchant) {
            return None;
        }
        let whose = fence
            .merchant
            .as_ref()
            .map_or("nobody's".to_owned(), |merchant| format!("{:?}'s", merchant.as_str()));
        let reason =
            format!("names {:?}, which is {whose} fence, not {:?}'s", id.as_str(), draft.merchant.as_str());
        Some(self.source.problem(bytes.clone(), &key, reason))
    }

    fn check_tag(
        &self,
        draft: &Draft,
        tag: &str,
        bytes: &Range<usize>,
        known: Option<&HashSet<&str>>,
    ) -> Option<Problem> {
        if known.is_some_and(|known| known.contains(tag)) {
            return None;
        }
        let key = format!("offer {}: tags", draft.id.as_str());
        let reason = format!("names {tag:?}, and no fence of {:?} has that tag", draft.merchant.as_str());
        let mut problem = self.source.problem(bytes.clone(), &key, reason);
        let mut near: Vec<&str> = known.into_iter().flatten().copied().collect();
        near.sort_unstable();
        problem.hint = nearest(tag, near).map(|near| format!("did you mean {near:?}?"));
        Some(problem)
    }
}

fn drafts(offers: &[Written]) -> Vec<Draft> {
    offers.iter().map(|offer| offer.draft.clone()).collect()
}

fn read_offer(section: &Section<'_>) -> Option<Written> {
    let default = TransitionKind::Dwell;
    let words = TransitionKind::ALL.map(|kind| (kind.word(), kind));
    let trigger = section.word("trigger", &words, default);
    let fences = section.texts("fences");
    let tags = section.texts("tags");
    let valid_for = section.span("valid_for", Millis::from_secs(30)..=Draft::VALID_FOR, Draft::VALID_FOR);
    let priority = section.count("priority", 0..=u8::MAX, 0);
    let link = template(section, "link", false);
    // Every key is asked for before the first missing one ends the reading.
    let id = read_id(section, "id", OfferId::new);
    let merchant = read_id(section, "merchant", MerchantId::new);
    let title = template(section, "title", true);
    let body = template(section, "body", true);
    let fence_ids = read_fence_ids(section, &fences);
    let (id, merchant, title, body) = (id?, merchant?, title?, body?);
    let mut places = HashMap::from([("id", id.bytes), ("title", title.bytes), ("body", body.bytes)]);
    places.extend(link.as_ref().map(|link| ("link", link.bytes.clone())));
    let draft = Draft {
        id: id.value,
        merchant: merchant.value,
        trigger,
        fences: fence_ids,
        tags: tags.iter().map(|tag| tag.value.as_str().into()).collect(),
        priority,
        valid_for,
        title: title.value,
        body: body.value,
        link: link.map(|link| link.value),
    };
    let bytes = |texts: Vec<Spanned<String>>| texts.into_iter().map(|text| text.bytes).collect();
    Some(Written { draft, places, fences: bytes(fences), tags: bytes(tags) })
}

fn read_id<T>(
    section: &Section<'_>,
    key: &'static str,
    make: fn(&str) -> Result<T, IdFlaw>,
) -> Option<Spanned<T>> {
    section.require(key);
    section.read(key, |text| make(text).map_err(|flaw| format!("is {text:?}, which {}", flaw.text())))
}

fn read_fence_ids(section: &Section<'_>, texts: &[Spanned<String>]) -> Vec<FenceId> {
    let read = |text: &Spanned<String>| match FenceId::new(&text.value) {
        Ok(id) => Some(id),
        Err(flaw) => {
            section.wrong("fences", text.bytes.clone(), format!("holds an id that {}", flaw.text()), None);
            None
        }
    };
    texts.iter().filter_map(read).collect()
}

fn template(section: &Section<'_>, key: &'static str, is_required: bool) -> Option<Spanned<String>> {
    let text = if is_required { section.required_text(key) } else { section.text(key) }?;
    if TEMPLATE_LEN_MAX < text.value.len() {
        section.wrong(key, text.bytes, format!("is longer than {TEMPLATE_LEN_MAX} bytes"), None);
        return None;
    }
    Some(text)
}

fn problem_of(source: &Source, offers: &[Written], flaw: &CatalogueFlaw) -> Problem {
    let (draft, key, reason) = match flaw {
        CatalogueFlaw::RepeatedId { draft } => (*draft, "id", "stands here a second time".to_owned()),
        CatalogueFlaw::NoFences { draft } => {
            (*draft, "id", "names neither fences nor tags, so it is never due".to_owned())
        }
        CatalogueFlaw::Text { draft, part, flaw } => (*draft, part.word(), flaw.to_string()),
    };
    let written = &offers[draft];
    let bytes = written.places.get(key).cloned().unwrap_or(0..0);
    source.problem(bytes, &format!("offer {}: {key}", written.draft.id.as_str()), reason)
}
