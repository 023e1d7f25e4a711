//! Where a law binds.

use spatial_index::{Fence, Shape};

use super::*;
use crate::Category;

fn law(region: &str) -> RingLaw {
    RingLaw {
        id: "GF".into(),
        citation: "an act".into(),
        region: region.into(),
        category: Category::Health,
        meters: Meters(500.0),
        from: MeasuredFrom::Perimeter,
        own_allowed: false,
    }
}

fn fence(country: Option<&str>, region: Option<&str>) -> Fence {
    let center = model::Position::new(47.6, -122.33).unwrap();
    let facts = FenceFacts {
        id: model::FenceId::new("f").unwrap(),
        name: "f".into(),
        merchant: None,
        tags: Vec::new(),
        tz: None,
        country: country.map(Into::into),
        region: region.map(Into::into),
        opening_hours: None,
        radius: Meters(50.0),
    };
    Fence { facts, shape: Shape::Circle { center, radius: Meters(50.0) } }
}

#[test]
fn a_law_of_a_country_binds_in_each_region_of_it_and_in_no_other_country() {
    let place =
        |country, region| Place { fence: fence(country, region), category: Category::Health, operator: None };
    let nowhere = fence(None, None).facts;
    for (of, country, region, binds) in [
        ("US", None, Some("US-WA"), true),
        ("US", Some("US"), None, true),
        ("US", None, None, true),
        ("US", Some("CA"), None, false),
        ("US", None, Some("CA-BC"), false),
        ("US-WA", None, Some("US-WA"), true),
        ("US-WA", None, Some("US-OR"), false),
        ("US-WA", Some("US"), None, true),
        ("US-WA", Some("CA"), None, false),
        ("US-?", Some("US"), None, true),
        ("US-?", None, Some("US-WA"), false),
        (RingLaw::EVERYWHERE, Some("CA"), Some("CA-BC"), true),
    ] {
        let found = law(of).binds(&nowhere, &place(country, region));
        assert_eq!(found, binds, "{of} at {country:?} {region:?}");
    }
}
