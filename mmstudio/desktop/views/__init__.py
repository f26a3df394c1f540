"""Views, delegates and small controls shared by the panes."""
