//! `ocop criteria …` and `ocop office …`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use entity::office;
use entity::value::{Language, OfficeId, OfficeLevel};

use crate::app::Services;
use crate::config::Config;
use crate::ocop::certification::{ILLUSTRATIVE, import_criteria, read_criteria, sheet_of, stored_set, write_criteria};
use crate::people::offices;
use crate::people::places::{commune, province, province_of};
use crate::platform::db::is_duplicate;
use crate::platform::sheets::{self, SheetFormat};

#[derive(Subcommand)]
pub enum Criteria {
    /// Bring sets of criteria in; the same sheet again changes nothing, another one of the same code is a further version
    #[command(
        after_help = "Examples:\n  ocop criteria import bo-tieu-chi.xlsx\n  ocop criteria examples --out mau && ocop criteria import mau/*.csv"
    )]
    Import {
        /// XLSX or CSV, as `ocop criteria export` writes it
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write a set of criteria as a sheet that may be brought in again
    #[command(
        after_help = "Examples:\n  ocop criteria export minh-hoa-trai-cay --out trai-cay.xlsx\n  ocop criteria export minh-hoa-trai-cay --version 1 --out trai-cay-1.csv"
    )]
    Export {
        /// Its code
        code: String,
        /// Without it the newest
        #[arg(long)]
        version: Option<i32>,
        /// XLSX, or CSV by its ending
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the illustrative sets, which are no decision's own, as templates
    Examples {
        /// Folder to write into
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Office {
    /// Add the office of a commune, a province, or the ministry; its id is printed
    #[command(
        after_help = "Examples:\n  ocop office create --level commune --place 04978 --name 'UBND xã Kim Bôi'\n  ocop office create --level ministry --name 'Bộ Nông nghiệp và Môi trường'\n  echo 'a long password' | ocop user create hoa@example.vn --name Hoa --office ID:head"
    )]
    Create {
        #[arg(long, value_parser = level)]
        level: OfficeLevel,
        /// Code of the commune or province
        #[arg(long)]
        place: Option<String>,
        #[arg(long)]
        name: String,
    },
}

fn level(text: &str) -> Result<OfficeLevel, String> {
    text.parse().map_err(|()| "one of commune, province, ministry".to_owned())
}

fn format_of(path: &Path) -> SheetFormat {
    let csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if csv { SheetFormat::Csv } else { SheetFormat::Xlsx }
}

pub async fn criteria(config: Config, command: Criteria) -> anyhow::Result<()> {
    match command {
        Criteria::Examples { out } => {
            std::fs::create_dir_all(&out)?;
            for (name, text) in ILLUSTRATIVE {
                std::fs::write(out.join(name), text)?;
                println!("{}", out.join(name).display());
            }
            Ok(())
        }
        Criteria::Import { files } => import(config, &files).await,
        Criteria::Export { code, version, out } => {
            let services = Services::start(config).await?;
            let row = stored_set(services.db.fresh(), &code, version).await?;
            let row = row.with_context(|| format!("there is no set of criteria {code}"))?;
            std::fs::write(&out, write_criteria(&sheet_of(&row)?, format_of(&out))?)?;
            println!("{} version {}", row.code, row.version);
            Ok(())
        }
    }
}

async fn import(config: Config, files: &[PathBuf]) -> anyhow::Result<()> {
    // All are judged before any is brought in.
    let mut sets = Vec::new();
    for path in files {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let sheet = sheets::read(&bytes, 1_000)
            .map_err(|text| anyhow::anyhow!("{}: {}", path.display(), text.get(Language::En)))?;
        match read_criteria(&sheet) {
            Ok(set) => sets.push(set),
            Err(faults) => {
                for fault in &faults {
                    eprintln!("{} {}: {}", path.display(), fault.cell, fault.text.get(Language::En));
                }
                bail!("{} cells of {} are wrong; nothing was brought in", faults.len(), path.display());
            }
        }
    }
    let services = Services::start(config).await?;
    let transaction = services.db.begin().await?;
    for set in sets {
        let (row, new) = import_criteria(&transaction, set, None, services.clock.now())
            .await
            .map_err(|problem| anyhow::anyhow!("{}", problem.words(Language::En)))?;
        println!("{} version {}: {}", row.code, row.version, if new { "brought in" } else { "here already" });
    }
    transaction.commit().await?;
    Ok(())
}

pub async fn office(config: Config, command: Office) -> anyhow::Result<()> {
    let Office::Create { level, place, name } = command;
    let (commune_code, province_code) = match (level, place.as_deref()) {
        (OfficeLevel::Commune, Some(code)) => {
            let found = commune(code).with_context(|| format!("there is no commune {code}"))?;
            (Some(found.code.to_owned()), Some(province_of(found).code.to_owned()))
        }
        (OfficeLevel::Province, Some(code)) => {
            (None, Some(province(code).with_context(|| format!("there is no province {code}"))?.code.to_owned()))
        }
        (OfficeLevel::Ministry, None) => (None, None),
        (OfficeLevel::Ministry, Some(_)) => bail!("the ministry has no --place"),
        _ => bail!("say which --place it is of"),
    };
    ensure!(name.trim().chars().count() >= 3, "the name is too short");
    let services = Services::start(config).await?;
    let id = OfficeId::new();
    let created_at = services.clock.now();
    let row = office::Model { id, level, name, commune_code, province_code, created_at };
    offices::create_office(services.db.write(), row).await.map_err(|error| {
        if is_duplicate(&error) { anyhow::anyhow!("there is an office of this place already") } else { error.into() }
    })?;
    println!("{id}");
    Ok(())
}
