//! Pictures for the demo: drawn, so that nothing is fetched and nobody's photograph is used.

use anyhow::Context;
use entity::value::DestinationKind;
use resvg::{tiny_skia, usvg};

use super::data::Motif;

pub const SIZE: u32 = 640;

/// A PNG of `SIZE` × `SIZE` pixels: hills of Kim Bôi, and the product in front.
pub fn draw(motif: Motif, colour: &str) -> anyhow::Result<Vec<u8>> {
    png(&hills(&product(motif, colour), colour))
}

/// The same hills, and what visitors come for.
pub fn draw_place(kind: DestinationKind) -> anyhow::Result<Vec<u8>> {
    let front = match kind {
        DestinationKind::HotSpring => spring(),
        DestinationKind::Waterfall => waterfall(),
        DestinationKind::Lake => lake(),
        DestinationKind::Resort => [house(250, 470, 1.3), spring()].concat(),
        _ => [house(180, 470, 0.9), house(420, 480, 1.1), house(300, 540, 1.2)].concat(),
    };
    png(&hills(&front, "#7fa36b"))
}

fn png(svg: &str) -> anyhow::Result<Vec<u8>> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).context("demo picture")?;
    let mut canvas = tiny_skia::Pixmap::new(SIZE, SIZE).context("demo picture")?;
    resvg::render(&tree, tiny_skia::Transform::identity(), &mut canvas.as_mut());
    canvas.encode_png().context("demo picture")
}

fn product(motif: Motif, colour: &str) -> String {
    match motif {
        Motif::Fruit => fruit(colour),
        Motif::Cluster => cluster(colour),
        Motif::Bottle => bottle(colour, 120, 300, 46),
        Motif::Vial => bottle(colour, 90, 190, 34),
        Motif::Jar => jar(colour),
        Motif::Seeds => seeds(colour),
        Motif::Tea => tea(colour),
        Motif::Leaves => leaves(colour),
        Motif::Shoots => shoots(colour),
    }
}

fn hills(front: &str, colour: &str) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 640" width="640" height="640">
<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#fdf6e3"/><stop offset="1" stop-color="#f3e2bd"/></linearGradient>
<radialGradient id="main" cx="0.35" cy="0.3" r="0.8"><stop offset="0" stop-color="#fff8dc" stop-opacity="0.75"/><stop offset="0.45" stop-color="{colour}" stop-opacity="0"/></radialGradient></defs>
<rect width="640" height="640" fill="url(#sky)"/><circle cx="500" cy="130" r="54" fill="#f6c667" opacity="0.75"/>
<path d="M0 380 Q90 260 190 350 T390 320 T640 360 V640 H0Z" fill="#a9c09a"/><path d="M0 440 Q140 340 290 420 T640 410 V640 H0Z" fill="#7fa36b"/>
<path d="M0 520 Q200 460 360 510 T640 500 V640 H0Z" fill="#5f8650"/><ellipse cx="320" cy="566" rx="200" ry="26" fill="#33502c" opacity="0.35"/>{front}</svg>"##
    )
}

fn spring() -> String {
    r##"<ellipse cx="330" cy="540" rx="230" ry="58" fill="#8a8f86"/><ellipse cx="330" cy="534" rx="208" ry="46" fill="#7cc4d6"/>
<path d="M230 530 q40 -14 80 0 t80 0" stroke="#d8f2f7" stroke-width="6" fill="none"/>
<path d="M260 470 q-18 -34 0 -68 q18 -34 0 -68 M340 460 q-18 -34 0 -68 q18 -34 0 -68 M420 470 q-18 -34 0 -68 q18 -34 0 -68" stroke="#fff" stroke-width="11" stroke-linecap="round" fill="none" opacity="0.8"/>"##
        .to_owned()
}

fn waterfall() -> String {
    r##"<path d="M190 250 H450 L480 560 H160Z" fill="#6d7468"/><path d="M270 250 H380 L410 540 H240Z" fill="#bfe3ee"/>
<path d="M292 256 L276 530 M325 256 V536 M358 256 L372 530" stroke="#fff" stroke-width="9" opacity="0.85"/><path d="M190 330 H262 M386 370 H462 M176 440 H250 M398 470 H470" stroke="#4f564b" stroke-width="8"/>
<ellipse cx="325" cy="560" rx="210" ry="40" fill="#8fcbdc"/><ellipse cx="325" cy="548" rx="110" ry="20" fill="#fff" opacity="0.8"/>"##
        .to_owned()
}

fn lake() -> String {
    r##"<path d="M0 440 H640 V640 H0Z" fill="#6fb3cf"/><path d="M60 430 Q130 360 210 430Z" fill="#5f8650"/><path d="M420 436 Q500 350 600 436Z" fill="#557a48"/>
<path d="M40 520 h90 M180 580 h120 M470 530 h110 M400 600 h90" stroke="#cfeaf3" stroke-width="7" stroke-linecap="round"/>
<path d="M210 520 H430 L396 566 H244Z" fill="#8a5a2b"/><path d="M262 520 V470 H378 V520" fill="none" stroke="#8a5a2b" stroke-width="9"/><path d="M248 472 H392 L370 446 H270Z" fill="#c9781b"/>"##
        .to_owned()
}

/// On stilts, as the Mường build.
fn house(x: i32, y: i32, size: f32) -> String {
    format!(
        r##"<g transform="translate({x} {y}) scale({size})"><path d="M-80 0 V70 M-30 0 V70 M30 0 V70 M80 0 V70" stroke="#6b4423" stroke-width="10"/>
<rect x="-92" y="-52" width="184" height="60" fill="#b98a4e"/><rect x="-16" y="-36" width="32" height="44" fill="#6b4423"/><path d="M-118 -48 L-60 -126 H60 L118 -48Z" fill="#8d6534"/></g>"##
    )
}

fn ball(x: i32, y: i32, r: i32, colour: &str) -> String {
    format!(
        r#"<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/><circle cx="{x}" cy="{y}" r="{r}" fill="url(#main)"/>"#
    )
}

fn leaf(x: i32, y: i32, angle: i32, size: f32) -> String {
    format!(
        r##"<g transform="translate({x} {y}) rotate({angle}) scale({size})"><path d="M0 0 Q40 -60 120 -50 Q90 20 0 0Z" fill="#3f7a35"/><path d="M0 0 Q60 -30 112 -46" stroke="#cfe3b4" stroke-width="3" fill="none"/></g>"##
    )
}

fn fruit(colour: &str) -> String {
    [
        ball(235, 470, 100, colour),
        ball(415, 480, 92, colour),
        ball(325, 385, 104, colour),
        leaf(330, 285, -8, 1.0),
        leaf(325, 288, 150, 0.8),
    ]
    .concat()
}

fn cluster(colour: &str) -> String {
    let berries =
        [(240, 420), (310, 400), (380, 425), (275, 470), (345, 475), (415, 480), (235, 510), (305, 530), (375, 535)];
    let stem = r##"<path d="M320 270 Q318 340 316 400" stroke="#7a5a36" stroke-width="10" fill="none"/>"##;
    let balls: String = berries.iter().map(|(x, y)| ball(*x, *y, 42, colour)).collect();
    format!("{stem}{balls}{}{}", leaf(322, 300, 0, 1.0), leaf(318, 310, 165, 0.9))
}

fn bottle(colour: &str, width: i32, height: i32, neck: i32) -> String {
    let (left, top) = (320 - width / 2, 560 - height);
    format!(
        r##"<rect x="{nx}" y="{ny}" width="{neck}" height="90" rx="10" fill="{colour}" opacity="0.9"/><rect x="{nx}" y="{ny}" width="{neck}" height="26" rx="6" fill="#6b3f1d"/>
<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="30" fill="{colour}"/><rect x="{left}" y="{ly}" width="{width}" height="{lh}" fill="#fffaf0"/>
<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="30" fill="url(#main)"/>{leaf}"##,
        nx = 320 - neck / 2,
        ny = top - 70,
        ly = top + height / 3,
        lh = height / 3,
        leaf = leaf(300, top + height / 2 + 14, 0, 0.5),
    )
}

fn jar(colour: &str) -> String {
    format!(
        r##"<rect x="215" y="330" width="210" height="230" rx="36" fill="{colour}"/><rect x="215" y="330" width="210" height="230" rx="36" fill="url(#main)"/>
<rect x="228" y="288" width="184" height="50" rx="12" fill="#8a5a2b"/><rect x="236" y="410" width="168" height="96" rx="10" fill="#fffaf0"/>
<path d="M290 458 l30 -18 30 18 v30 l-30 16 -30 -16z" fill="{colour}" stroke="#8a5a2b" stroke-width="4"/>"##
    )
}

fn seeds(colour: &str) -> String {
    let spots =
        [(230, 520), (290, 500), (350, 510), (410, 525), (260, 545), (325, 540), (390, 550), (310, 470), (365, 475)];
    let seed = |(index, (x, y)): (usize, &(i32, i32))| {
        let angle = index * 41 % 180;
        format!(
            r#"<g transform="translate({x} {y}) rotate({angle})"><ellipse rx="38" ry="24" fill="{colour}"/><ellipse rx="38" ry="24" fill="url(#main)"/></g>"#
        )
    };
    let seeds: String = spots.iter().enumerate().map(seed).collect();
    format!("{}{seeds}", leaf(330, 440, 20, 1.0))
}

fn tea(colour: &str) -> String {
    format!(
        r##"<path d="M200 420 H440 Q440 560 320 560 Q200 560 200 420Z" fill="#fffaf0"/><path d="M438 440 q60 0 50 50 q-10 40 -70 36" stroke="#fffaf0" stroke-width="18" fill="none"/>
<ellipse cx="320" cy="420" rx="120" ry="26" fill="{colour}"/><path d="M280 380 q-16 -30 0 -60 q16 -30 0 -60 M350 380 q-16 -30 0 -60 q16 -30 0 -60" stroke="#ffffff" stroke-width="8" fill="none" opacity="0.7"/>{}"##,
        leaf(300, 425, -10, 0.6)
    )
}

fn leaves(colour: &str) -> String {
    let crowns: String =
        [(240, 450, 74), (330, 420, 88), (415, 455, 70)].iter().map(|(x, y, r)| ball(*x, *y, *r, colour)).collect();
    format!(
        r##"{crowns}{}{}<path d="M180 470 H460 L430 565 H210Z" fill="#b98a4e"/><path d="M190 500 H450 M200 530 H440" stroke="#8d6534" stroke-width="8"/>"##,
        leaf(250, 380, -60, 0.9),
        leaf(390, 380, -20, 0.9)
    )
}

fn shoots(colour: &str) -> String {
    let shoot = |(x, lean): (i32, i32)| {
        format!(
            r##"<g transform="translate({x} 560) rotate({lean})"><path d="M-42 0 Q-36 -170 0 -260 Q36 -170 42 0Z" fill="{colour}"/><path d="M-42 0 Q-36 -170 0 -260 Q36 -170 42 0Z" fill="url(#main)"/>
<path d="M-38 -40 Q0 -80 38 -40 M-34 -100 Q0 -140 34 -100 M-24 -160 Q0 -196 24 -160" stroke="#8d6534" stroke-width="6" fill="none"/></g>"##
        )
    };
    [(230, -14), (410, 14), (320, 0)].into_iter().map(shoot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_motif_is_a_picture() {
        for motif in [
            Motif::Fruit,
            Motif::Cluster,
            Motif::Bottle,
            Motif::Jar,
            Motif::Seeds,
            Motif::Tea,
            Motif::Vial,
            Motif::Leaves,
            Motif::Shoots,
        ] {
            let png = draw(motif, "#e8c14a").expect("drawn");
            assert!(png.starts_with(b"\x89PNG"));
        }
        for place in crate::demo::data::PLACES {
            assert!(draw_place(place.1).expect("drawn").starts_with(b"\x89PNG"));
        }
    }
}
