//! Chance, drawn from the system once: passwords, keys, salts.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rand::{
    CryptoRng, Rng, SeedableRng,
    rngs::{StdRng, SysRng},
};

/// A generator that nobody can foresee. Clones share it.
#[derive(Clone)]
pub struct Chance(Arc<Mutex<Box<dyn CryptoRng + Send>>>);

impl Chance {
    /// From the system.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn of_system() -> Result<Self, String> {
        StdRng::try_from_rng(&mut SysRng).map(Self::new).map_err(|error| error.to_string())
    }

    /// From a given generator.
    pub fn new(rng: impl CryptoRng + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(rng))))
    }

    /// Seed of another generator.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut seed);
        seed
    }

    /// A generator of its own.
    #[must_use]
    pub fn fork(&self) -> StdRng {
        StdRng::from_seed(self.seed())
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}
