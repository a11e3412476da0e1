//! The Paraclete server: the thin shell around the pure core.
//!
//! This crate moves bytes, keeps time, reads the configuration and answers HTTP; what a room is and who may
//! speak to whom is decided in `domain`, and how it is said in `dialects`. Nothing here decides a rule.

pub mod accounts;
pub mod app;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod effects;
pub mod facts;
pub mod gateway;
pub mod http;
pub mod hub;
pub mod identity;
pub mod lifecycle;
pub mod limits;
pub mod listener;
pub mod status;
pub mod telemetry;
pub mod tls;
pub mod upkeep;
