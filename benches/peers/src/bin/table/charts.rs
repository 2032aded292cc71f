//! How the timers' operations scale, as SVG: the number of deadlines against nanoseconds, both
//! logarithmic, one line for each peer.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;

const SIZE: (u32, u32) = (760, 460);

type Points = Vec<(f64, f64)>;

/// What was measured, by operation and peer: how many deadlines, and nanoseconds.
#[derive(Default)]
pub struct Charts {
    operations: BTreeMap<String, Vec<(&'static str, Points)>>,
}

impl Charts {
    /// Notes one figure of a contest, whose name is an operation and a number of deadlines.
    pub fn add(&mut self, contest: &str, peer: &'static str, nanos: f64) {
        let Some((operation, n)) = contest.rsplit_once(", ") else { return };
        let Ok(n) = n.parse::<f64>() else { return };
        let peers = self.operations.entry(operation.into()).or_default();
        match peers.iter_mut().find(|(known, _)| *known == peer) {
            Some((_, points)) => points.push((n, nanos)),
            None => peers.push((peer, vec![(n, nanos)])),
        }
    }

    /// Writes one file for each operation into a directory that is there.
    pub fn write(&self, directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
        for (operation, peers) in &self.operations {
            let path = directory.join(file_name(operation));
            draw(&path, operation, peers)
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

/// `churn, FIFO + next` is in `churn-fifo-next.svg`.
fn file_name(operation: &str) -> String {
    let words = operation.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase() + ".svg"
}

fn draw(
    path: &Path,
    operation: &str,
    peers: &[(&'static str, Points)],
) -> Result<(), Box<dyn std::error::Error>> {
    let all = || peers.iter().flat_map(|(_, points)| points);
    let (mut left, mut right, mut low, mut high) = (f64::MAX, 0.0_f64, f64::MAX, 0.0_f64);
    for &(n, nanos) in all() {
        (left, right) = (left.min(n), right.max(n));
        (low, high) = (low.min(nanos), high.max(nanos));
    }
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (plot, legend) = root.split_horizontally(SIZE.0 - 170);
    let mut chart = ChartBuilder::on(&plot)
        .caption(operation, ("sans-serif", 20))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(
            (left * 0.8..right * 1.25).log_scale(),
            (low * 0.8..high * 1.25).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("deadlines")
        .y_desc("ns per operation")
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (at, (peer, points)) in peers.iter().enumerate() {
        let style = style(at, peer);
        let mut points = points.clone();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
        chart
            .draw_series(points.iter().map(|&point| Circle::new(point, 3, style.color.filled())))?;
        let y = 44 + 22 * at as i32;
        legend.draw(&PathElement::new([(4, y), (28, y)], style))?;
        legend.draw(&Text::new(*peer, (34, y - 7), ("sans-serif", 14)))?;
    }
    root.present()?;
    Ok(())
}

/// Ours is a thick black line, which no colour is.
fn style(at: usize, peer: &str) -> ShapeStyle {
    if peer == "mio-st" {
        return BLACK.stroke_width(3);
    }
    ShapeStyle { color: Palette99::pick(at).to_rgba(), filled: false, stroke_width: 1 }
}
