"""The joint model: pictures, sounds, texts, tags and audiences that belong together, any from any other."""
