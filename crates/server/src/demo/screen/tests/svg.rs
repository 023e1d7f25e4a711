//! The picture with its colours, for the README.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Of a cell, in the units of the picture.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 17.0;
const MARGIN: f64 = 10.0;
const GROUND: &str = "#14161b";

/// A screen as SVG: one text for each run of cells of one style.
pub(super) fn of(buffer: &Buffer) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) =
        (2.0 * MARGIN + f64::from(columns) * WIDTH, 2.0 * MARGIN + f64::from(rows) * HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <title>stile demo: a town, its people, what a naive geofence would have sent and what Stile sent</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for y in 0..rows {
        let row: Vec<&Cell> = (0..columns).map(|x| &buffer[(x, y)]).collect();
        let mut x = 0;
        for run in row.chunk_by(|a, b| a.fg == b.fg && a.bg == b.bg && a.modifier == b.modifier) {
            write_run(&mut svg, run, (x, usize::from(y)));
            x += run.len();
        }
    }
    svg + "</svg>\n"
}

fn write_run(svg: &mut String, run: &[&Cell], (x, y): (usize, usize)) {
    let left = |x: usize| MARGIN + x as f64 * WIDTH;
    let top = MARGIN + y as f64 * HEIGHT;
    if let Some(ground) = colour(run[0].bg) {
        let width = run.len() as f64 * WIDTH;
        writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{ground}\"/>",
            left(x)
        )
        .expect("a string takes any text");
    }
    let text: String = run.iter().map(|cell| cell.symbol()).collect();
    if text.trim().is_empty() {
        return;
    }
    let n_blank = text.chars().take_while(|sign| *sign == ' ').count();
    let text = text.trim().replace('&', "&amp;").replace('<', "&lt;");
    let n_signs = run.iter().map(|cell| cell.symbol()).collect::<String>().trim().chars().count();
    let bold = if run[0].modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let fill = colour(run[0].fg).unwrap_or_else(|| "#c8ccd4".into());
    writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{fill}\"{bold} textLength=\"{:.1}\" xml:space=\"preserve\">{text}</text>",
        left(x + n_blank),
        top + 13.0,
        n_signs as f64 * WIDTH
    )
    .expect("a string takes any text");
}

/// What a terminal of 256 colours shows; none for its own.
fn colour(colour: Color) -> Option<String> {
    let Color::Indexed(no) = colour else {
        return (colour == Color::Black).then(|| GROUND.to_owned());
    };
    let [red, green, blue] = match no {
        0..16 => [0x80; 3],
        16..232 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let no = no - 16;
            [level(no / 36), level(no / 6 % 6), level(no % 6)]
        }
        232.. => [8 + 10 * (no - 232); 3],
    };
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}
