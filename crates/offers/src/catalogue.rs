//! All offers there are, and their words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::{Environment, UndefinedBehavior, context};
use model::{FenceFacts, MerchantId, Notification, OfferId, TransitionKind, Words};

use crate::check::{self, CatalogueFlaw};
use crate::difference::Difference;
use crate::hours::OpeningHours;
use crate::language::{choice, texts};
use crate::offer::{Draft, Mode, Offer, OperatorState, Text};
use crate::reason::reason;
use crate::text::{self, TextFlaw, TextPart};

/// The offers of one version of the catalogue, with their templates compiled.
#[derive(Clone, Debug)]
pub struct Catalogue {
    offers: Vec<Offer>,
    shared: Arc<Shared>,
}

/// What does not change when an operator pauses an offer.
#[derive(Debug)]
struct Shared {
    of_merchant: BTreeMap<MerchantId, Vec<usize>>,
    templates: Environment<'static>,
}

impl Default for Catalogue {
    fn default() -> Self {
        let shared = Shared { of_merchant: BTreeMap::new(), templates: environment() };
        Self { offers: Vec::new(), shared: Arc::new(shared) }
    }
}

impl Catalogue {
    /// Checks all drafts and renders each text once for a made-up store.
    ///
    /// # Errors
    /// Every flaw of every draft.
    pub fn new(drafts: Vec<Draft>) -> Result<Self, Vec<CatalogueFlaw>> {
        let mut shared = Shared { of_merchant: BTreeMap::new(), templates: environment() };
        let mut offers = Vec::new();
        let mut flaws = Vec::new();
        let mut ids = BTreeSet::new();
        for (i, draft) in drafts.into_iter().enumerate() {
            if !ids.insert(draft.id.clone()) {
                flaws.push(CatalogueFlaw::RepeatedId { draft: i });
            }
            flaws.extend(check::flaws_of(i, &draft));
            flaws.extend(shared.add_templates(i, &draft));
            let schedule = draft.season.schedule.as_deref().map(|text| OpeningHours::parse(text, None));
            let schedule = schedule.transpose().unwrap_or_else(|flaw| {
                flaws.push(CatalogueFlaw::Schedule { draft: i, flaw });
                None
            });
            shared.of_merchant.entry(draft.merchant.clone()).or_default().push(offers.len());
            offers.push(Offer::new(draft, schedule));
        }
        if flaws.is_empty() { Ok(Self { offers, shared: Arc::new(shared) }) } else { Err(flaws) }
    }

    /// The same offers in the states that operators have put them; those that are not named run.
    ///
    /// Costs a pass over the offers; their texts are shared.
    #[must_use]
    pub fn operated(&self, states: &BTreeMap<OfferId, OperatorState>) -> Self {
        let state = |offer: &Offer| states.get(offer.id()).copied().unwrap_or_default();
        let offers = self.offers.iter().map(|offer| offer.in_state(state(offer)));
        Self { offers: offers.collect(), shared: self.shared.clone() }
    }

    /// All offers, in the order written.
    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// An offer of a merchant. Costs one pass over the merchant's offers.
    #[must_use]
    pub fn offer(&self, merchant: &MerchantId, id: &OfferId) -> Option<&Offer> {
        self.of_merchant(merchant).find(|offer| offer.id() == id)
    }

    /// The offers that a transition in a fence calls for, whether or not they may be said then:
    /// highest priority first, then by id.
    ///
    /// Costs one pass over the merchant's offers.
    #[must_use]
    pub fn due(&self, kind: TransitionKind, fence: &FenceFacts) -> Vec<&Offer> {
        let Some(merchant) = &fence.merchant else { return Vec::new() };
        let is_due = |offer: &&Offer| offer.draft().trigger == kind && offer.applies_to(fence);
        let mut due: Vec<&Offer> = self.of_merchant(merchant).filter(is_due).collect();
        due.sort_by(|a, b| b.draft().priority.cmp(&a.draft().priority).then_with(|| a.id().cmp(b.id())));
        due
    }

    /// Whether any offer asks for a kind of transition.
    #[must_use]
    pub fn asks_for(&self, kind: TransitionKind) -> bool {
        self.offers.iter().any(|offer| offer.draft().trigger == kind)
    }

    /// The words of an offer at a store, in a person's language where it has them: in theirs, else in
    /// the language that theirs is a kind of, else in the offer's first.
    ///
    /// # Errors
    /// A store's own name can break a rule that the templates keep.
    pub fn words(
        &self,
        offer: &Offer,
        fence: &FenceFacts,
        lang: Option<&str>,
    ) -> Result<Words, (TextPart, TextFlaw)> {
        self.words_at(offer, fence, choice(offer.draft(), lang))
    }

    /// How another catalogue differs from this one.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Difference {
        Difference::between(&self.offers, &other.offers)
    }

    /// Whether what was decided to be said would be said by these offers, too: the offer is there and
    /// runs, is live, is meant for that fence and that transition, and has the same words for the
    /// store in one of its languages.
    ///
    /// Costs one pass over the merchant's offers.
    #[must_use]
    pub fn stands_behind(&self, notification: &Notification, fence: &FenceFacts) -> bool {
        let Some(offer) = self.offer(&notification.merchant, &notification.offer) else { return false };
        // A store that has got another name since was called so then.
        let named = FenceFacts { name: notification.store.as_str().into(), ..fence.clone() };
        // The reason is ours and not the merchant's: a newer program may put it in other words.
        let said = |words: &Words| (words.title.clone(), words.body.clone(), words.link.clone());
        let says = |place| {
            self.words_at(offer, &named, place).is_ok_and(|words| said(&words) == said(&notification.words))
        };
        let draft = offer.draft();
        offer.state() == OperatorState::Running
            && draft.mode == Mode::Live
            && draft.channel == notification.channel
            && draft.trigger == notification.trigger
            && offer.applies_to(&named)
            && core::iter::once(None).chain((0..draft.lang.len()).map(Some)).any(says)
    }

    fn of_merchant(&self, merchant: &MerchantId) -> impl Iterator<Item = &Offer> {
        let numbers = self.shared.of_merchant.get(merchant).into_iter().flatten();
        numbers.map(|&i| &self.offers[i])
    }

    fn words_at(
        &self,
        offer: &Offer,
        fence: &FenceFacts,
        place: Option<usize>,
    ) -> Result<Words, (TextPart, TextFlaw)> {
        let draft = offer.draft();
        let other = place.map(|place| &draft.lang[place]);
        let (tag, text) = other.map_or((None, &draft.text), |(tag, text)| (Some(&**tag), text));
        let say = |tag, part| self.shared.render(draft, tag, part, fence).map_err(|flaw| (part, flaw));
        let link = match (&text.link, &draft.text.link) {
            (Some(_), _) => Some(say(tag, TextPart::Link)?),
            (None, Some(_)) => Some(say(None, TextPart::Link)?),
            (None, None) => None,
        };
        let why = reason(tag, draft.trigger, &draft.merchant, fence);
        Ok(Words { title: say(tag, TextPart::Title)?, body: say(tag, TextPart::Body)?, link, why })
    }
}

impl Shared {
    fn add_templates(&mut self, i: usize, draft: &Draft) -> Vec<CatalogueFlaw> {
        let mut flaws = Vec::new();
        for (tag, text) in texts(draft) {
            for (part, source) in parts(text) {
                let added = self.add_template(draft, tag, part, source);
                flaws.extend(added.err().map(|flaw| CatalogueFlaw::Text {
                    draft: i,
                    lang: tag.map(Into::into),
                    part,
                    flaw,
                }));
            }
        }
        flaws
    }

    fn add_template(
        &mut self,
        draft: &Draft,
        tag: Option<&str>,
        part: TextPart,
        source: &str,
    ) -> Result<(), TextFlaw> {
        text::check_source(source)?;
        let compiled = self.templates.add_template_owned(template_name(draft, tag, part), source.to_owned());
        compiled.map_err(|why| TextFlaw::Template(said_by(&why)))?;
        self.render(draft, tag, part, &made_up_store(draft)).map(|_| ())
    }

    fn render(
        &self,
        draft: &Draft,
        tag: Option<&str>,
        part: TextPart,
        fence: &FenceFacts,
    ) -> Result<String, TextFlaw> {
        let template = self.templates.get_template(&template_name(draft, tag, part));
        let template = template.map_err(|why| TextFlaw::Template(said_by(&why)))?;
        let given = context! { store => &*fence.name, merchant => draft.merchant.as_str(), fence => fence.id.as_str() };
        let said = template.render(given).map_err(|why| TextFlaw::Template(said_by(&why)))?;
        text::check(part, &said)?;
        Ok(said)
    }
}

/// Unknown variables are errors.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

fn parts(text: &Text) -> impl Iterator<Item = (TextPart, &str)> {
    let always = [(TextPart::Title, &*text.title), (TextPart::Body, &*text.body)];
    always.into_iter().chain(text.link.as_deref().map(|link| (TextPart::Link, link)))
}

fn template_name(draft: &Draft, tag: Option<&str>, part: TextPart) -> String {
    format!("{}/{}/{}", draft.id.as_str(), tag.unwrap_or_default(), part.word())
}

fn said_by(why: &minijinja::Error) -> String {
    why.detail().map_or_else(|| why.kind().to_string(), |detail| format!("{}: {detail}", why.kind()))
}

fn made_up_store(draft: &Draft) -> FenceFacts {
    let id = model::FenceId::new("a-fence").expect("the id of the made-up store obeys the rule");
    let merchant = Some(draft.merchant.clone());
    FenceFacts {
        id,
        name: "Corner Shop".into(),
        merchant,
        tags: Vec::new(),
        tz: None,
        country: None,
        region: None,
        opening_hours: None,
        radius: model::Meters(100.0),
    }
}
