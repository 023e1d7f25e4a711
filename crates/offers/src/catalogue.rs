//! All offers there are, and their words.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior, context};
use model::{FenceFacts, MerchantId, Meters, Notification, TransitionKind, Words};

use crate::difference::Difference;
use crate::offer::{Draft, Offer};
use crate::text::{self, TextFlaw, TextPart};

/// The offers of one version of the catalogue, with their templates compiled.
#[derive(Debug)]
pub struct Catalogue {
    offers: Vec<Offer>,
    of_merchant: BTreeMap<MerchantId, Vec<usize>>,
    templates: Environment<'static>,
}

/// Why a draft is no offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueFlaw {
    /// Another draft has the same id.
    RepeatedId {
        /// Which draft, counted from nought.
        draft: usize,
    },
    /// It names no fence and no tag, so it would never be due.
    NoFences {
        /// Which draft.
        draft: usize,
    },
    /// Its text breaks a rule.
    Text {
        /// Which draft.
        draft: usize,
        /// Which part of its text.
        part: TextPart,
        /// Which rule.
        flaw: TextFlaw,
    },
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { offers: Vec::new(), of_merchant: BTreeMap::new(), templates: environment() }
    }
}

impl Catalogue {
    /// Checks all drafts and renders each once for a made-up store.
    ///
    /// # Errors
    /// Every flaw of every draft.
    pub fn new(drafts: Vec<Draft>) -> Result<Self, Vec<CatalogueFlaw>> {
        let mut catalogue = Self::default();
        let mut flaws = Vec::new();
        let mut ids = BTreeSet::new();
        for (i, draft) in drafts.into_iter().enumerate() {
            if !ids.insert(draft.id.clone()) {
                flaws.push(CatalogueFlaw::RepeatedId { draft: i });
            }
            if draft.fences.is_empty() && draft.tags.is_empty() {
                flaws.push(CatalogueFlaw::NoFences { draft: i });
            }
            flaws.extend(catalogue.add(draft).into_iter().map(|(part, flaw)| CatalogueFlaw::Text {
                draft: i,
                part,
                flaw,
            }));
        }
        if flaws.is_empty() { Ok(catalogue) } else { Err(flaws) }
    }

    /// All offers, in the order written.
    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The offers that a transition in a fence calls for: highest priority first, then by id.
    ///
    /// Costs one pass over the merchant's offers.
    #[must_use]
    pub fn due(&self, kind: TransitionKind, fence: &FenceFacts) -> Vec<&Offer> {
        let Some(of_merchant) = fence.merchant.as_ref().and_then(|merchant| self.of_merchant.get(merchant))
        else {
            return Vec::new();
        };
        let offers = of_merchant.iter().map(|&i| &self.offers[i]);
        let mut due: Vec<&Offer> =
            offers.filter(|offer| offer.draft().trigger == kind && offer.applies_to(fence)).collect();
        due.sort_by(|a, b| b.draft().priority.cmp(&a.draft().priority).then_with(|| a.id().cmp(b.id())));
        due
    }

    /// Whether any offer asks for a kind of transition.
    #[must_use]
    pub fn asks_for(&self, kind: TransitionKind) -> bool {
        self.offers.iter().any(|offer| offer.draft().trigger == kind)
    }

    /// The words of an offer at a store.
    ///
    /// # Errors
    /// A store's own name can break a rule that the templates keep.
    pub fn words(&self, offer: &Offer, fence: &FenceFacts) -> Result<Words, (TextPart, TextFlaw)> {
        let say = |part| self.render(offer.draft(), part, fence).map_err(|flaw| (part, flaw));
        let link = offer.draft().link.is_some().then(|| say(TextPart::Link)).transpose()?;
        let merchant = offer.draft().merchant.as_str();
        let why = match offer.draft().trigger {
            TransitionKind::Dwell => format!(
                "You asked {merchant} for offers near its stores, and spent some minutes at {}.",
                fence.name
            ),
            TransitionKind::Enter => {
                format!("You asked {merchant} for offers near its stores, and came to {}.", fence.name)
            }
            TransitionKind::Exit => {
                format!("You asked {merchant} for offers near its stores, and were at {}.", fence.name)
            }
            TransitionKind::Cross => {
                format!("You asked {merchant} for offers near its stores, and passed {}.", fence.name)
            }
        };
        Ok(Words { title: say(TextPart::Title)?, body: say(TextPart::Body)?, link, why })
    }

    /// How another catalogue differs from this one.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Difference {
        Difference::between(&self.offers, &other.offers)
    }

    /// Whether what was decided to be said would be said by these offers, too: the offer is there, is
    /// meant for that fence and that transition, and has the same words for the store.
    ///
    /// Costs one pass over the merchant's offers.
    #[must_use]
    pub fn stands_behind(&self, notification: &Notification, fence: &FenceFacts) -> bool {
        let of_merchant = self.of_merchant.get(&notification.merchant).into_iter().flatten();
        let offer = of_merchant.map(|&i| &self.offers[i]).find(|offer| *offer.id() == notification.offer);
        // A store that has got another name since was called so then.
        let named = FenceFacts { name: notification.store.as_str().into(), ..fence.clone() };
        // The reason is ours and not the merchant's: a newer program may put it in other words.
        let said = |words: &Words| (words.title.clone(), words.body.clone(), words.link.clone());
        offer.is_some_and(|offer| {
            offer.draft().trigger == notification.trigger
                && offer.applies_to(&named)
                && self.words(offer, &named).is_ok_and(|words| said(&words) == said(&notification.words))
        })
    }

    fn add(&mut self, draft: Draft) -> Vec<(TextPart, TextFlaw)> {
        let parts = [
            (TextPart::Title, Some(&draft.title)),
            (TextPart::Body, Some(&draft.body)),
            (TextPart::Link, draft.link.as_ref()),
        ];
        let mut flaws = Vec::new();
        for (part, source) in parts.into_iter().filter_map(|(part, source)| Some((part, source?))) {
            let name = template_name(&draft, part);
            let compiled = text::check_source(source).and_then(|()| {
                let compiled = self.templates.add_template_owned(name, source.clone());
                compiled.map_err(|why| TextFlaw::Template(reason(&why)))
            });
            let said = compiled.and_then(|()| self.render(&draft, part, &made_up_store(&draft)));
            flaws.extend(said.err().map(|flaw| (part, flaw)));
        }
        self.of_merchant.entry(draft.merchant.clone()).or_default().push(self.offers.len());
        self.offers.push(Offer::new(draft));
        flaws
    }

    fn render(&self, draft: &Draft, part: TextPart, fence: &FenceFacts) -> Result<String, TextFlaw> {
        let template = self
            .templates
            .get_template(&template_name(draft, part))
            .map_err(|why| TextFlaw::Template(reason(&why)))?;
        let given = context! { store => &*fence.name, merchant => draft.merchant.as_str(), fence => fence.id.as_str() };
        let said = template.render(given).map_err(|why| TextFlaw::Template(reason(&why)))?;
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

fn template_name(draft: &Draft, part: TextPart) -> String {
    format!("{}/{}", draft.id.as_str(), part.word())
}

fn reason(why: &minijinja::Error) -> String {
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
        radius: Meters(100.0),
    }
}
