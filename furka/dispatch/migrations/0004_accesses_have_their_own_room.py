from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0003_given_names"),
        ("connections", "0002_take_over"),
    ]

    operations = [migrations.DeleteModel(name="SeenAccess")]
