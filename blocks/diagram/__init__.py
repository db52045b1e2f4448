"""Diagrams of built modules: `graph` reads boxes and arrows off a trace, `layout` places them, `drawing` draws them."""
