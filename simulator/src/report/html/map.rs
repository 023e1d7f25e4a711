//! Fences on a map, coloured by what happened in them.

use crate::report::MapFence;
use crate::report::markup::Markup;
use crate::report::number::grouped;

/// More fences than this are drawn as dots: shapes would weigh megabytes, and be dots all the same.
const N_SHAPES_MAX: usize = 800;
/// How many of the busiest are listed.
const N_LISTED: usize = 10;

const WIDTH: f64 = 760.0;
const HEIGHT_MAX: f64 = 620.0;
const MARGIN: f64 = 14.0;
/// A fence smaller than this on the map could not be seen.
const RADIUS_MIN: f64 = 1.6;

const M_PER_DEGREE: f64 = 111_195.0;

/// How much happened, as a class of the style sheet and a word for the key.
const CLASSES: [(&str, &str, u64); 4] = [
    ("none", "no transition", 0),
    ("few", "1 to 9 transitions", 1),
    ("some", "10 to 99", 10),
    ("many", "100 and more", 100),
];

impl MapFence {
    const fn n_transitions(&self) -> u64 {
        self.enters + self.dwells
    }

    fn class(&self) -> usize {
        CLASSES.iter().rposition(|(_, _, least)| *least <= self.n_transitions()).unwrap_or(0)
    }
}

pub(super) fn map(fences: &[MapFence], page: &mut Markup) {
    let Some(sheet) = Sheet::round(fences) else { return };
    page.tag("<h2>Map</h2>\n<figure>\n<svg viewBox=\"0 0 ").number(WIDTH).tag(" ").number(sheet.height);
    page.tag("\" role=\"img\" aria-label=\"Fences, coloured by how many transitions were told there\">\n");
    for (at, (class, _, _)) in CLASSES.iter().enumerate() {
        let of_class = || fences.iter().filter(move |fence| fence.class() == at);
        if fences.len() <= N_SHAPES_MAX {
            of_class().for_each(|fence| sheet.shape(fence, class, page));
        } else {
            sheet.dots(of_class(), class, 2.0 + at as f64, page);
        }
    }
    sheet.scale(page);
    page.tag("</svg>\n<p class=\"key\"><span>Fences with</span>");
    for (at, (class, words, _)) in CLASSES.iter().enumerate() {
        let n = fences.iter().filter(|fence| fence.class() == at).count() as u64;
        page.tag("<span class=\"").tag(class).element("\"><i></i>", words, "");
        page.element(": ", &grouped(n), "</span>");
    }
    page.tag("</p>\n<figcaption>Enters and dwells that were told in each fence. North is up.</figcaption>\n</figure>\n");
    busiest(fences, page);
}

fn busiest(fences: &[MapFence], page: &mut Markup) {
    let mut order: Vec<&MapFence> = fences.iter().filter(|fence| 0 < fence.n_transitions()).collect();
    order.sort_by(|a, b| b.n_transitions().cmp(&a.n_transitions()).then_with(|| a.name.cmp(&b.name)));
    order.truncate(N_LISTED);
    if order.is_empty() {
        return;
    }
    page.tag("<h3>Where most happened</h3>\n<table>\n<tr><th>fence</th><th class=\"n\">enters</th><th class=\"n\">dwells</th><th class=\"n\">offers</th></tr>\n");
    for fence in order {
        page.element("<tr><td>", &fence.name, "</td>");
        for n in [fence.enters, fence.dwells, fence.offers] {
            page.element("<td class=\"n\">", &grouped(n), "</td>");
        }
        page.tag("</tr>\n");
    }
    page.tag("</table>\n");
}

/// A sheet of paper that all fences fit on.
struct Sheet {
    /// The north-western corner, in degrees of latitude and longitude.
    corner: (f64, f64),
    m_per_degree_lng: f64,
    /// Of the paper a metre.
    scale: f64,
    /// What is left on either side where the paper is wider than the fences.
    indent: f64,
    height: f64,
}

impl Sheet {
    fn round(fences: &[MapFence]) -> Option<Self> {
        let points = || fences.iter().flat_map(|fence| fence.rings.iter().flatten().chain([&fence.centre]));
        let points = || points().filter(|(lat, lng)| lat.is_finite() && lng.is_finite());
        let bound = |pick: fn(&(f64, f64)) -> f64| {
            points()
                .map(pick)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)))
        };
        let ((south, north), (west, east)) = (bound(|at| at.0), bound(|at| at.1));
        if !south.is_finite() {
            return None;
        }
        let m_per_degree_lng = M_PER_DEGREE * f64::midpoint(south, north).to_radians().cos().max(0.01);
        let reach_m = fences.iter().map(|fence| fence.radius_m).fold(1.0, f64::max);
        let (width_m, height_m) = (
            (east - west) * m_per_degree_lng + 2.0 * reach_m,
            (north - south) * M_PER_DEGREE + 2.0 * reach_m,
        );
        let scale = ((WIDTH - 2.0 * MARGIN) / width_m).min((HEIGHT_MAX - 3.0 * MARGIN) / height_m);
        let corner = (north + reach_m / M_PER_DEGREE, west - reach_m / m_per_degree_lng);
        let indent = (WIDTH - width_m * scale) / 2.0;
        Some(Self { corner, m_per_degree_lng, scale, indent, height: height_m * scale + 3.0 * MARGIN })
    }

    fn at(&self, (lat, lng): (f64, f64)) -> (f64, f64) {
        (
            self.indent + (lng - self.corner.1) * self.m_per_degree_lng * self.scale,
            MARGIN + (self.corner.0 - lat) * M_PER_DEGREE * self.scale,
        )
    }

    fn shape(&self, fence: &MapFence, class: &'static str, page: &mut Markup) {
        if fence.rings.is_empty() {
            let (x, y) = self.at(fence.centre);
            page.tag("<circle class=\"fence ").tag(class).tag("\" cx=\"").number(x).tag("\" cy=\"").number(y);
            page.tag("\" r=\"").number((fence.radius_m * self.scale).max(RADIUS_MIN)).tag("\">");
        } else {
            page.tag("<path class=\"fence ").tag(class).tag("\" fill-rule=\"evenodd\" d=\"");
            for ring in &fence.rings {
                for (i, corner) in ring.iter().enumerate() {
                    let (x, y) = self.at(*corner);
                    page.tag(if i == 0 { "M" } else { "L" }).number(x).tag(" ").number(y);
                }
                page.tag("Z");
            }
            page.tag("\">");
        }
        let counts = [("enters", fence.enters), ("dwells", fence.dwells), ("offers", fence.offers)];
        let counts = counts.map(|(word, n)| format!("{} {word}", grouped(n))).join(", ");
        page.element("<title>", &format!("{}: {counts}", fence.name), "</title>");
        page.tag(if fence.rings.is_empty() { "</circle>\n" } else { "</path>\n" });
    }

    fn dots<'a>(
        &self,
        fences: impl Iterator<Item = &'a MapFence>,
        class: &'static str,
        width: f64,
        page: &mut Markup,
    ) {
        page.tag("<path class=\"dots ").tag(class).tag("\" stroke-width=\"").number(width).tag("\" d=\"");
        for fence in fences {
            let (x, y) = self.at(fence.centre);
            page.tag("M").number(x).tag(" ").number(y).tag("h0");
        }
        page.tag("\"/>\n");
    }

    /// How long a round number of metres is here.
    fn scale(&self, page: &mut Markup) {
        let longest_m = WIDTH / 5.0 / self.scale;
        let power = 10_f64.powf(longest_m.log10().floor());
        let length_m =
            [5.0, 2.0, 1.0].into_iter().map(|n| n * power).find(|&m| m <= longest_m).unwrap_or(power);
        let (y, end) = (self.height - MARGIN, WIDTH - MARGIN);
        page.tag("<path class=\"tick\" d=\"M").number(end).tag(" ").number(y - 4.0).tag("v4h");
        page.number(-length_m * self.scale).tag("v-4\"/><text class=\"unit\" text-anchor=\"end\" x=\"");
        page.number(end - length_m * self.scale - 6.0).tag("\" y=\"").number(y);
        let name =
            if length_m < 1_000.0 { format!("{length_m} m") } else { format!("{} km", length_m / 1e3) };
        page.element("\">", &name, "</text>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(name: &str, lat: f64, enters: u64) -> MapFence {
        MapFence { name: name.to_owned(), centre: (lat, 9.0), radius_m: 100.0, enters, ..MapFence::default() }
    }

    fn drawn(fences: &[MapFence]) -> String {
        let mut page = Markup::default();
        map(fences, &mut page);
        page.into_string()
    }

    #[test]
    fn few_fences_are_shapes_and_many_are_dots() {
        let few = drawn(&[fence("a", 47.0, 0), fence("b", 47.01, 12)]);
        assert_eq!(few.matches("<circle").count(), 2);
        assert!(few.contains("<title>b: 12 enters, 0 dwells, 0 offers</title>"), "{few}");
        let many: Vec<MapFence> =
            (0..30_000_u32).map(|i| fence("x", 47.0 + f64::from(i) / 1e4, i.into())).collect();
        let many = drawn(&many);
        assert!(!many.contains("<circle") && many.matches("h0").count() == 30_000);
        assert!(many.len() < 600_000, "{} bytes", many.len());
    }

    #[test]
    fn no_fence_is_no_map_and_one_is_a_map() {
        assert_eq!(drawn(&[]), "");
        let one = drawn(&[fence("a", 47.0, 0)]);
        assert!(one.contains("<circle") && !one.contains("NaN") && !one.contains("inf"), "{one}");
    }

    #[test]
    fn north_is_up() {
        let sheet = Sheet::round(&[fence("south", 47.0, 0), fence("north", 47.1, 0)]).unwrap();
        assert!(sheet.at((47.1, 9.0)).1 < sheet.at((47.0, 9.0)).1);
    }
}
