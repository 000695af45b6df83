mod files;
mod policies;
