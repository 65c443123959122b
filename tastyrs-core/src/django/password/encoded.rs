//! A stored password, taken apart.

use std::sync::Once;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::same_secret;

/// The most work that a stored password may ask for; one that asks for more never matches.
///
/// Rounds of PBKDF2, some seconds of them: Django 6.1 stores 1,500,000.
pub(super) const MOST_WORK: u64 = 20_000_000;

/// The most memory that a stored password may ask for, in KiB; Django's Argon2 asks for 102,400.
pub(super) const MOST_KIBIBYTES: u64 = 1024 * 1024;

/// An algorithm and how much it is made to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    Pbkdf2Sha256 {
        rounds: u32,
    },
    Pbkdf2Sha1 {
        rounds: u32,
    },
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        kibibytes: u32,
        passes: u32,
        lanes: u32,
        length: usize,
    },
    Bcrypt {
        doublings: u32,
        /// Whether it hashes the SHA-256 of the password, since it reads no more than 72 bytes.
        hashes_first: bool,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
}

impl Cost {
    /// What it takes, in rounds of PBKDF2 with SHA-256 that take about as long on an x86-64 of our day.
    pub(super) fn work(self) -> u64 {
        match self {
            Self::Pbkdf2Sha256 { rounds } | Self::Pbkdf2Sha1 { rounds } => rounds.into(),
            Self::Argon2 {
                kibibytes, passes, ..
            } => u64::from(kibibytes)
                .saturating_mul(passes.into())
                .saturating_mul(8),
            Self::Bcrypt { doublings, .. } => 400 << doublings.min(31),
            Self::Scrypt { log_n, r, p } => {
                let blocks = u64::from(r).saturating_mul(p.into());
                blocks.saturating_mul(1 << log_n.min(40)).saturating_mul(3) / 2
            }
        }
    }

    /// The memory that it takes.
    pub(super) fn kibibytes(self) -> u64 {
        match self {
            Self::Pbkdf2Sha256 { .. } | Self::Pbkdf2Sha1 { .. } | Self::Bcrypt { .. } => 0,
            Self::Argon2 { kibibytes, .. } => kibibytes.into(),
            Self::Scrypt { log_n, r, .. } => u64::from(r).saturating_mul(1 << log_n.min(40)) / 8,
        }
    }

    fn is_bearable(self) -> bool {
        (1..=MOST_WORK).contains(&self.work()) && self.kibibytes() <= MOST_KIBIBYTES
    }

    /// Hashes a password; nothing where that cannot be done, as for want of memory.
    fn hash(self, password: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Pbkdf2Sha256 { rounds } => {
                let mut hash = vec![0; 32];
                pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut hash);
                Some(hash)
            }
            Self::Pbkdf2Sha1 { rounds } => {
                let mut hash = vec![0; 20];
                pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut hash);
                Some(hash)
            }
            Self::Argon2 {
                algorithm,
                version,
                kibibytes,
                passes,
                lanes,
                length,
            } => {
                let params = Params::new(kibibytes, passes, lanes, Some(length)).ok()?;
                let mut memory: Vec<Block> = Vec::new();
                let blocks = params.block_count();
                memory.try_reserve_exact(blocks).ok()?;
                memory.resize(blocks, Block::default());
                let mut hash = vec![0; length];
                Argon2::new(algorithm, version, params)
                    .hash_password_into_with_memory(password, salt, &mut hash, &mut memory)
                    .ok()?;
                Some(hash)
            }
            Self::Bcrypt {
                doublings,
                hashes_first,
            } => {
                let salt = salt.first_chunk::<16>().copied()?;
                let parts = if hashes_first {
                    bcrypt::hash_with_salt(hex(&Sha256::digest(password)), doublings, salt)
                } else {
                    bcrypt::hash_with_salt(password, doublings, salt)
                };
                let text = parts.ok()?.format_for_version(bcrypt::Version::TwoB);
                Some(text.as_bytes().last_chunk::<31>()?.to_vec())
            }
            Self::Scrypt { log_n, r, p } => {
                let params = scrypt::Params::new(log_n, r, p).ok()?;
                let mut hash = vec![0; 64];
                scrypt::scrypt(password, salt, &params, &mut hash).ok()?;
                Some(hash)
            }
        }
    }

    /// Takes as long as to hash a password.
    pub(super) fn spend(self, password: &str) {
        std::hint::black_box(self.hash(password.as_bytes(), b"nobody has this."));
    }
}

/// Bytes as lower case digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A stored password, taken apart: `pbkdf2_sha256$1000$salt$hash`.
///
/// # Compatibility
///
/// The `decode` of each hasher, `django/contrib/auth/hashers.py`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Encoded {
    /// Reads a stored password; nothing where no password can match it: one that is unusable (`!...`), of
    /// another algorithm, or one that asks for absurdly much work.
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let (algorithm, rest) = stored.split_once('$')?;
        let encoded = match algorithm {
            "pbkdf2_sha256" => Self::pbkdf2(rest, 32, |rounds| Cost::Pbkdf2Sha256 { rounds }),
            "pbkdf2_sha1" => Self::pbkdf2(rest, 20, |rounds| Cost::Pbkdf2Sha1 { rounds }),
            "argon2" => Self::argon2(rest),
            "bcrypt" => Self::bcrypt(rest, false),
            "bcrypt_sha256" => Self::bcrypt(rest, true),
            "scrypt" => Self::scrypt(rest),
            other => {
                unknown_algorithm(other);
                None
            }
        };
        encoded.filter(|encoded| encoded.cost.is_bearable())
    }

    fn pbkdf2(rest: &str, length: usize, cost: fn(u32) -> Cost) -> Option<Self> {
        let mut parts = rest.splitn(3, '$');
        let rounds = parts.next()?.parse().ok()?;
        let salt = parts.next()?.as_bytes().to_vec();
        let hash = STANDARD.decode(parts.next()?).ok()?;
        (hash.len() == length).then_some(Self {
            cost: cost(rounds),
            salt,
            hash,
        })
    }

    /// `argon2id$v=19$m=102400,t=2,p=8$salt$hash`; the oldest have no version.
    fn argon2(rest: &str) -> Option<Self> {
        let mut parts: Vec<&str> = rest.split('$').collect();
        if parts.len() == 4 {
            parts.insert(1, "v=16");
        }
        let [algorithm, version, parameters, salt, hash] = parts.try_into().ok()?;
        let number = |text: &str, name: &str| text.strip_prefix(name)?.parse::<u32>().ok();
        let [kibibytes, passes, lanes] = {
            let parameters: Vec<&str> = parameters.split(',').collect();
            let [m, t, p] = parameters.try_into().ok()?;
            [number(m, "m=")?, number(t, "t=")?, number(p, "p=")?]
        };
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        let hash = STANDARD_NO_PAD.decode(hash).ok()?;
        let cost = Cost::Argon2 {
            algorithm: Algorithm::new(algorithm).ok()?,
            version: number(version, "v=")?.try_into().ok()?,
            kibibytes,
            passes,
            lanes,
            length: hash.len(),
        };
        let fits = (1..=256).contains(&lanes) && (16..=128).contains(&hash.len());
        fits.then_some(Self { cost, salt, hash })
    }

    /// `$2b$12$salt-and-hash`.
    fn bcrypt(rest: &str, hashes_first: bool) -> Option<Self> {
        let parts: bcrypt::HashParts = rest.parse().ok()?;
        // `2x` is how a library hashed that was broken.
        let is_sound = !rest.starts_with("$2x$");
        is_sound.then_some(Self {
            cost: Cost::Bcrypt {
                doublings: parts.get_cost(),
                hashes_first,
            },
            salt: parts.get_salt_raw().to_vec(),
            hash: rest.as_bytes().last_chunk::<31>()?.to_vec(),
        })
    }

    /// `16384$salt$8$5$hash`.
    fn scrypt(rest: &str) -> Option<Self> {
        let parts: Vec<&str> = rest.split('$').collect();
        let [n, salt, r, p, hash] = parts.try_into().ok()?;
        let n: u64 = n.parse().ok()?;
        let hash = STANDARD.decode(hash).ok()?;
        let cost = Cost::Scrypt {
            log_n: u8::try_from(n.checked_ilog2()?).ok()?,
            r: r.parse().ok()?,
            p: p.parse().ok()?,
        };
        (n.is_power_of_two() && n > 1 && hash.len() == 64).then_some(Self {
            cost,
            salt: salt.as_bytes().to_vec(),
            hash,
        })
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let hash = self.cost.hash(password.as_bytes(), &self.salt);
        hash.is_some_and(|hash| same_secret(&hash, &self.hash))
    }
}

/// Says once that a database holds passwords which are never checked.
fn unknown_algorithm(name: &str) {
    static SAID: Once = Once::new();
    if !name.starts_with('!') {
        SAID.call_once(|| {
            tracing::warn!(
                target: "tastyrs::authentication",
                algorithm = name,
                "passwords of this algorithm never match: `pbkdf2_sha256`, `pbkdf2_sha1`, `argon2`, `bcrypt`, \
                 `bcrypt_sha256` and `scrypt` are known"
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each made by Django 5.2's own hashers, of `secret-1` and of `pässwörd ☂`.
    const MADE_BY_DJANGO: [[&str; 2]; 6] = [
        [
            "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=",
            "pbkdf2_sha256$1000$salt1$JXrPuFzZNw9exv5vFfHbs+BaNFUd/e+UWw9HU0baKm4=",
        ],
        [
            "pbkdf2_sha1$1000$salt1$hi4shvuxlEtw9scnLaXojeL/neA=",
            "pbkdf2_sha1$1000$salt1$sfZ/nWBOtOgq3iqQPmksa5gnJOg=",
        ],
        [
            "argon2$argon2id$v=19$m=1024,t=2,p=8$c2FsdDFzYWx0MQ$uKxNwE+/4PVTMKj1BXQBHXY7VE8I6ycwo6kq98TfdHE",
            "argon2$argon2id$v=19$m=1024,t=2,p=8$c2FsdDFzYWx0MQ$xv7lBOuhe5VvBDeoqtJK6VS9/TlMjTmD08CXrNzNtpc",
        ],
        [
            "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuugfcKpkcu91xrji7VBc7ewWGgWrCRyWi",
            "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuc0oy1DbVy9pv3qrmiUTtRhjmjz/0IH6",
        ],
        [
            "bcrypt$$2b$04$abcdefghijklmnopqrstuugZ4cCtXYvT3AWc2gHnp4bhaIZgm6TGC",
            "bcrypt$$2b$04$abcdefghijklmnopqrstuuoga6woORyRAk2LG.XcrgIBW3wrfdAVa",
        ],
        [
            "scrypt$1024$salt1salt1$8$5$6c9YdkUPHODkJijzo7Gbhe26mN8WMeU+2d7VxVxDLGefDKPmMoZMJwn5GTwpgPk9xrklO1OzX/nGXFg8w3TPcw==",
            "scrypt$1024$salt1salt1$8$5$QMqHKivBJ1N2r8S4Q6acX7+Wc5bb6aAFBpLZL6AWyZpjmWMxWgrNvgKXFZ4/JmL1DsATDIzb1ujOkzpEvoqe7w==",
        ],
    ];

    fn matches(password: &str, stored: &str) -> bool {
        Encoded::parse(stored).is_some_and(|encoded| encoded.matches(password))
    }

    #[test]
    fn knows_the_passwords_that_django_stored() {
        for [plain, other] in MADE_BY_DJANGO {
            assert!(matches("secret-1", plain), "{plain}");
            assert!(matches("pässwörd ☂", other), "{other}");
            for wrong in ["secret-2", "secret-1 ", "", "Secret-1"] {
                assert!(!matches(wrong, plain), "{wrong:?} {plain}");
            }
            assert!(!matches("secret-1", other), "{other}");
        }
    }

    #[test]
    fn bcrypt_reads_no_more_than_72_bytes() {
        // Made by Django of 72 times `x`.
        let stored = "bcrypt$$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";

        assert!(matches(&"x".repeat(72), stored));
        assert!(matches(&"x".repeat(80), stored));
        assert!(!matches(&"x".repeat(71), stored));
    }

    #[test]
    fn what_is_no_password_matches_none() {
        for [plain, _] in MADE_BY_DJANGO {
            for (length, _) in plain.char_indices() {
                let cut = plain.get(..length).unwrap();
                assert!(!matches("secret-1", cut), "{cut}");
                assert!(!matches("", cut), "{cut}");
            }
            assert!(!matches("secret-1", &format!("!{plain}")), "{plain}");
            assert!(!matches("secret-1", &format!("{plain}$")), "{plain}");
        }
        for stored in [
            "!",
            "!Zm9vYmFy",
            "secret-1",
            "md5$salt1$0cc175b9c0f1b6a831c399e269772661",
            "pbkdf2_sha256$x$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=",
            "pbkdf2_sha256$-1$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=",
            "bcrypt$$2x$04$abcdefghijklmnopqrstuugZ4cCtXYvT3AWc2gHnp4bhaIZgm6TGC",
            "bcrypt$$2b$04$éééééééééééééééééééééééééé",
        ] {
            assert!(!matches("secret-1", stored), "{stored}");
            assert!(!matches("", stored), "{stored}");
        }
    }

    #[test]
    fn absurd_amounts_of_work_and_memory_are_not_tried() {
        let [pbkdf2, _, argon2, _, bcrypt, scrypt] = MADE_BY_DJANGO.map(|[plain, _]| plain);
        for (stored, part, absurd) in [
            (pbkdf2, "1000", "0"),
            (pbkdf2, "1000", "20000001"),
            (pbkdf2, "1000", "4294967295"),
            (pbkdf2, "1000", "99999999999999999999"),
            (argon2, "m=1024", "m=4294967295"),
            (argon2, "m=1024", "m=1048577"),
            (argon2, "t=2", "t=4294967295"),
            (argon2, "t=2", "t=0"),
            (argon2, "p=8", "p=16777216"),
            (argon2, "p=8", "p=0"),
            (bcrypt, "$04$", "$16$"),
            (bcrypt, "$04$", "$31$"),
            (bcrypt, "$04$", "$99$"),
            (scrypt, "$1024$", "$1$"),
            (scrypt, "$1024$", "$1023$"),
            (scrypt, "$1024$", "$4294967296$"),
            (scrypt, "$1024$", "$18446744073709551615$"),
            (scrypt, "$8$5$", "$4294967295$4294967295$"),
            (scrypt, "$8$5$", "$0$5$"),
            (scrypt, "$8$5$", "$8$0$"),
        ] {
            assert!(
                !matches("secret-1", &stored.replace(part, absurd)),
                "{absurd}"
            );
        }
        for (stored, part, dear) in [
            (pbkdf2, "1000", "20000000"),
            (argon2, "m=1024,t=2", "m=1048576,t=2"),
            (bcrypt, "$04$", "$15$"),
            (scrypt, "$1024$", "$262144$"),
        ] {
            assert!(
                Encoded::parse(&stored.replace(part, dear)).is_some(),
                "{dear}"
            );
        }
    }
}
