//! The rules of accounts.

use domain::{Tenant, UserId};

use crate::account::{PasswordHash, ProfileChange, Standing, User, searchable, searchable_ends};
use crate::error::Error;
use crate::memory::state::State;
use crate::revocation::{Revocation, Revoked};
use crate::session::FamilyId;

impl State {
    pub(super) fn create_user(&mut self, user: &User) -> Result<(), Error> {
        user.check()?;
        let is_taken = self.users.values().any(|other| other.id == user.id || other.email == user.email);
        if is_taken {
            return Err(Error::Conflict);
        }
        self.users.insert(user.id.clone(), user.clone());
        Ok(())
    }

    pub(super) fn search_users(&self, query: &str, limit: u32) -> Vec<User> {
        let email = query;
        let query = searchable(query);
        if query.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(String, &User)> = Vec::new();
        for user in self.users.values().filter(|user| user.standing == Standing::Active) {
            let ends = searchable_ends(&user.name).into_iter();
            let first = ends.filter(|end| end.starts_with(&query)).min();
            let by_email = (user.email == email).then(String::new);
            found.extend(by_email.or(first).map(|end| (end, user)));
        }
        found.sort_by(|(end, user), (other_end, other)| (end, &user.id).cmp(&(other_end, &other.id)));
        found.into_iter().take(limit as usize).map(|(_, user)| user.clone()).collect()
    }

    pub(super) fn update_profile(
        &mut self,
        id: &UserId,
        change: &ProfileChange,
        now_ms: u64,
    ) -> Result<Option<User>, Error> {
        change.check()?;
        let Some(user) = self.users.get_mut(id) else { return Ok(None) };
        if let Some(name) = &change.name {
            user.name.clone_from(name);
        }
        if let Some(avatar) = &change.avatar {
            user.avatar.clone_from(avatar);
        }
        user.updated_at_ms = now_ms;
        Ok(Some(user.clone()))
    }

    pub(super) fn set_password(
        &mut self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        keep: Option<&FamilyId>,
        now_ms: u64,
        until_ms: u64,
    ) -> bool {
        if !self.replace_hash(id, old_hash, new_hash, now_ms) {
            return false;
        }
        for family in self.families_of(id) {
            if keep != Some(&family) {
                self.revoke_family(family, now_ms, until_ms);
            }
        }
        true
    }

    pub(super) fn replace_hash(
        &mut self,
        id: &UserId,
        old_hash: &PasswordHash,
        new_hash: &PasswordHash,
        now_ms: u64,
    ) -> bool {
        let Some(user) = self.users.get_mut(id).filter(|user| user.password_hash == *old_hash) else {
            return false;
        };
        user.password_hash = new_hash.clone();
        user.updated_at_ms = now_ms;
        true
    }

    pub(super) fn set_standing(
        &mut self,
        id: &UserId,
        standing: Standing,
        now_ms: u64,
        until_ms: u64,
    ) -> bool {
        let Some(user) = self.users.get_mut(id) else { return false };
        user.standing = standing;
        user.updated_at_ms = now_ms;
        match standing {
            Standing::Active => {}
            Standing::Disabled => {
                for family in self.families_of(id) {
                    self.revoke_family(family, now_ms, until_ms);
                }
                self.revoke(Revocation {
                    tenant: Tenant::default(),
                    what: Revoked::User { user: id.clone(), issued_before_ms: now_ms },
                    revoked_at_ms: now_ms,
                    expires_at_ms: until_ms,
                });
            }
        }
        true
    }
}
